"""Replaces the Azure SDK's own test tools, which are not published: live mode, without recordings.

The tests are unmodified. They receive a client for akv-fake. Instead of a sleep, this module advances the fake's
clock.
"""

import asyncio
import os
import time
import urllib.request
import uuid

import pytest

_CONTROL = os.environ["AKV_FAKE_CONTROL_URL"]
# In live mode, the tests skip all api-versions except the newest.
_ALL_VERSIONS = os.environ.get("AKV_SUITE_ALL_VERSIONS") == "1"


def is_live():
    return True


class AzureRecordedTestCase:
    @property
    def is_live(self):
        return not (_ALL_VERSIONS and type(self).__name__.endswith("ClientPreparer"))

    def is_playback(self):
        return False

    def get_resource_name(self, name):
        # Each test has its own name, which does not change within the test.
        if "_suffix" not in self.__dict__:
            self._suffix = uuid.uuid4().hex[:10]
        return name + self._suffix

    def get_credential(self, _client_class, is_async=False, **_):
        if is_async:
            from azure.identity.aio import ClientSecretCredential
        else:
            from azure.identity import ClientSecretCredential
        return ClientSecretCredential(
            os.environ["AKV_SUITE_TENANT_ID"],
            os.environ["AKV_SUITE_CLIENT_ID"],
            os.environ["AKV_SUITE_CLIENT_SECRET"],
            authority=os.environ["AZURE_AUTHORITY_HOST"],
            # Without this option, MSAL validates the authority at login.microsoftonline.com.
            disable_instance_discovery=True,
        )

    def create_client_from_credential(self, client_class, credential, **options):
        options.setdefault("logging_enable", True)
        return client_class(credential=credential, **options)

    def fail(self, message):
        pytest.fail(message)


class AzureMgmtPreparer:
    pass


class PowerShellPreparer:
    """Passes the values of the environment to a test, as in live mode."""

    def __init__(self, _directory, **values):
        self._names = values.keys()

    def __call__(self, test):
        def run(case):
            return test(case, **{name: os.environ[name.upper()] for name in self._names})

        return run


def recorded_by_proxy(test):
    return test


@pytest.fixture(scope="session")
def test_proxy():
    yield


def _nothing(*_, **__):
    """Replaces functions of the recording proxy: there is no proxy."""


add_body_key_sanitizer = _nothing
add_general_regex_sanitizer = _nothing
add_general_string_sanitizer = _nothing
add_oauth_response_sanitizer = _nothing
add_remove_header_sanitizer = _nothing
remove_batch_sanitizers = _nothing
set_bodiless_matcher = _nothing
set_custom_default_matcher = _nothing


def _turn_clock(seconds):
    body = b'{"advance_seconds":%d}' % max(1, round(seconds))
    urllib.request.urlopen(urllib.request.Request(_CONTROL + "/clock", data=body, method="POST")).close()


_sleep, _sleep_async = time.sleep, asyncio.sleep


def _sleep_by_clock(seconds):
    # Shorter sleeps come from libraries.
    if seconds < 1:
        _sleep(seconds)
    else:
        _turn_clock(seconds)


async def _sleep_async_by_clock(seconds, *rest):
    if seconds >= 1:
        _turn_clock(seconds)
        seconds = 0
    return await _sleep_async(seconds, *rest)


time.sleep, asyncio.sleep = _sleep_by_clock, _sleep_async_by_clock
