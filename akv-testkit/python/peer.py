"""Reads every certificate of the vault at the given URL, 64 at once, and prints how long it took."""

import asyncio
import json
import os
import resource
import sys
import time

from azure.identity.aio import ClientSecretCredential
from azure.keyvault.certificates.aio import CertificateClient

IN_FLIGHT = 64


async def inventory(url):
    credential = ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        os.environ["AZURE_CLIENT_ID"],
        os.environ["AZURE_CLIENT_SECRET"],
        authority=os.environ["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
    )
    places = asyncio.Semaphore(IN_FLIGHT)
    async with credential, CertificateClient(url, credential, verify_challenge_resource=False) as client:

        async def read(name):
            async with places:
                return await client.get_certificate(name)

        reads = [
            asyncio.ensure_future(read(one.name))
            async for one in client.list_properties_of_certificates()
        ]
        return len(await asyncio.gather(*reads))


def main():
    begun = time.perf_counter()
    certificates = asyncio.run(inventory(sys.argv[1]))
    wall = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(json.dumps({"certificates": certificates, "wall": wall, "cpu": cpu}))


main()
