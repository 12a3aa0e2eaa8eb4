"""The same module for tests of the asynchronous clients."""


def recorded_by_proxy_async(test):
    return test
