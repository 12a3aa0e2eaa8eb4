"""Runs the SDK's script with this name, with akv-fake's credential. Exits with the status of that script."""

import sys

from devtools_testutils import AzureRecordedTestCase

import test_san_live_traffic as script

script.DefaultAzureCredential = lambda: AzureRecordedTestCase().get_credential(None)
sys.exit(script.main())
