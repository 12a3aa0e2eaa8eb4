"""Runs the SDK's script of that name, with akv-fake's credential. It ends with its own status."""

import sys

from devtools_testutils import AzureRecordedTestCase

import test_san_live_traffic as script

script.DefaultAzureCredential = lambda: AzureRecordedTestCase().get_credential(None)
sys.exit(script.main())
