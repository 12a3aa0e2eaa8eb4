"""Tests akv-fake with the released official Azure SDK for Python.

Needs a running akv-fake and the variables of its env.sh. AKV_FAKE_CLIENT_CERTIFICATE is the file that akv-fake
received with --client-certificate. Exits with an error at the first mismatch.
"""

import base64
import os
import sys
import tempfile
import urllib.request

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.identity import CertificateCredential, ClientSecretCredential
from azure.keyvault.certificates import (
    AdministratorContact,
    CertificateClient,
    CertificateContact,
    CertificateContentType,
    CertificatePolicy,
)
from azure.keyvault.secrets import SecretClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

import client_certificate

PASSWORD = "correct horse battery staple"
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")
VAULT = os.environ["AKV_FAKE_VAULT_URL"]
MANAGER = os.environ["AKV_FAKE_RESOURCE_MANAGER_URL"]
SCOPE = VAULT.replace("://fake-vault.", "://") + "/.default"
CONTROL = os.environ["AKV_FAKE_CONTROL_URL"]
GROUP = os.environ["AKV_FAKE_RESOURCE_GROUP"]
TENANT = os.environ["AZURE_TENANT_ID"]
CLIENT_CERTIFICATE = os.environ["AKV_FAKE_CLIENT_CERTIFICATE"]
SEEDED = int(os.environ.get("AKV_FAKE_CERTIFICATES", "60"))


def check(what, actual, expected=True):
    if actual != expected:
        sys.exit(f"FAILED  {what}: {actual!r}, expected {expected!r}")
    print(f"ok      {what}")


def refused(what, kind, call, status=None):
    try:
        call()
    except kind as error:
        check(what, status is None or getattr(error, "status_code", None) == status)
        return error
    sys.exit(f"FAILED  {what}: it succeeded")


def control(method, path, body=None):
    request = urllib.request.Request(CONTROL + path, data=body, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def credential(secret=None):
    return ClientSecretCredential(
        TENANT,
        os.environ["AZURE_CLIENT_ID"],
        secret or os.environ["AZURE_CLIENT_SECRET"],
        authority=os.environ["AZURE_AUTHORITY_HOST"],
        # Without this option, MSAL validates the authority at login.microsoftonline.com.
        disable_instance_discovery=True,
    )


def certificate_credential(file):
    return CertificateCredential(
        TENANT,
        os.environ["AZURE_CLIENT_ID"],
        file,
        authority=os.environ["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
    )


def fixture(name):
    with open(os.path.join(FIXTURES, name + ".pfx"), "rb") as file:
        return file.read()


def identity():
    error = refused(
        "a wrong secret is AADSTS7000215",
        ClientAuthenticationError,
        lambda: credential("wrong").get_token(SCOPE),
    )
    check("the error names its code", "AADSTS7000215" in str(error))


def identity_by_certificate():
    signed_in = certificate_credential(CLIENT_CERTIFICATE)
    client = CertificateClient(VAULT, signed_in)
    first = next(iter(client.list_properties_of_certificates()))
    check("a client certificate signs in", first.name, "cert-000001")
    with tempfile.TemporaryDirectory() as folder:
        unknown = os.path.join(folder, "unknown.pem")
        client_certificate.write(unknown)
        error = refused(
            "a certificate that is not registered is refused",
            ClientAuthenticationError,
            lambda: certificate_credential(unknown).get_token(SCOPE),
        )
    check("the error names its code", "AADSTS700027" in str(error))


def certificates(client, secrets):
    policy = CertificatePolicy(issuer_name="Unknown", content_type=CertificateContentType.pkcs12)
    imported = client.import_certificate(
        "Web-01", fixture("web-v1"), password=PASSWORD, policy=policy, tags={"owner": "pki"}
    )
    check("import: the name", imported.name, "Web-01")
    check("import: the key", (imported.policy.key_type, imported.policy.key_size), ("RSA", 2048))
    check("import: the subject", imported.policy.subject, "CN=www.contoso.com, O=Contoso, C=DE")
    check("import: the names", imported.policy.san_dns_names, ["www.contoso.com"])
    check("import: the tags", imported.properties.tags, {"owner": "pki"})
    check("import: enabled", imported.properties.enabled)
    check("import: it expires", imported.properties.expires_on.year > 2036)
    check("import: recovery", imported.properties.recovery_level, "Recoverable+Purgeable")
    check("import: 20 bytes of thumbprint", len(imported.properties.x509_thumbprint), 20)

    got = client.get_certificate("web-01")
    check("get in another case: the same", bytes(got.cer), bytes(imported.cer))
    check("get: the version", got.properties.version, imported.properties.version)
    older = client.get_certificate_version("web-01", imported.properties.version)
    check("get by version: the same", bytes(older.cer), bytes(imported.cer))

    secret = secrets.get_secret("Web-01")
    check("the secret behind it", secret.properties.content_type, "application/x-pkcs12")
    check_chain(base64.b64decode(secret.value), bytes(imported.cer))

    legacy = client.import_certificate("web-01", fixture("web-v2-legacy"), password=PASSWORD)
    check("replace: another version", legacy.properties.version != imported.properties.version)
    check("replace: no tags of the earlier one", not legacy.properties.tags)
    versions = list(client.list_properties_of_certificate_versions("web-01"))
    check("both versions are listed", len(versions), 2)
    curve = client.import_certificate("api-01", fixture("api-v1"), password=PASSWORD)
    check("EC: the curve", curve.policy.key_curve_name, "P-256")

    refused(
        "a wrong password is 400",
        HttpResponseError,
        lambda: client.import_certificate("bad", fixture("web-v1"), password="wrong"),
        400,
    )
    refused(
        "an absent certificate is 404", ResourceNotFoundError, lambda: client.get_certificate("absent")
    )

    updated = client.update_certificate_properties("web-01", tags={"a": "1"}, enabled=False)
    check("update: the tags", updated.properties.tags, {"a": "1"})
    check("update: disabled", updated.properties.enabled, False)


def check_chain(pfx, leaf):
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    key, certificate, chain = pkcs12.load_key_and_certificates(pfx, None)
    check("the secret has the key", key is not None)
    check("the secret has the leaf", certificate.public_bytes(Encoding.DER), leaf)
    check("the secret has the chain", len(chain), 2)
    certificate.verify_directly_issued_by(
        next(one for one in chain if one.subject == certificate.issuer)
    )
    print("ok      the leaf is signed by the chain")


def listing(client):
    control("DELETE", "/journal")
    found = list(client.list_properties_of_certificates())
    names = [one.name for one in found]
    check("all pages are followed", len(names), SEEDED + 2)
    check("no name comes twice", len(set(names)), len(names))
    pages = control("GET", "/journal").count(b'"ListCertificates"')
    check("25 are on a page", pages, -(-(SEEDED + 2) // 25))
    short = client.list_properties_of_certificates(max_page_size=10).by_page()
    check("a smaller page can be asked for", len(list(next(short))), 10)


def lifecycle(client):
    poller = client.begin_delete_certificate("web-01")
    deleted = poller.result()
    check("delete: the day of the purge", (deleted.scheduled_purge_date - deleted.deleted_on).days, 90)
    refused(
        "while it is being deleted: 409",
        ResourceExistsError,
        lambda: client.import_certificate("web-01", fixture("web-v1"), password=PASSWORD),
    )
    poller.wait()
    check("delete: settled", client.get_deleted_certificate("web-01").name, "Web-01")
    listed = [one.name for one in client.list_deleted_certificates()]
    check("it is among the deleted", listed, ["Web-01"])
    error = refused(
        "its name is held: 409",
        ResourceExistsError,
        lambda: client.import_certificate("web-01", fixture("web-v1"), password=PASSWORD),
    )
    check("and why", error.error.innererror["code"], "ObjectIsDeletedButRecoverable")
    recovering = client.begin_recover_deleted_certificate("web-01")
    recovered = recovering.result()
    recovering.wait()
    check("recover: the tags are back", recovered.properties.tags, {"a": "1"})
    check("recover: it answers", client.get_certificate("web-01").name, "Web-01")
    client.begin_delete_certificate("web-01").wait()
    client.purge_deleted_certificate("web-01")
    refused("purged", ResourceNotFoundError, lambda: client.get_deleted_certificate("web-01"))


def vaults(manager):
    body = {
        "location": "West Europe",
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": True,
        },
    }
    made = manager.vaults.begin_create_or_update(GROUP, "made-by-python", body).result()
    check("create vault: it is there", made.properties.provisioning_state, "Succeeded")
    check("create vault: RBAC", made.properties.enable_rbac_authorization)
    check("create vault: its address", made.properties.vault_uri.rstrip("/"), vault_url("made-by-python"))
    names = sorted(one.name for one in manager.vaults.list_by_subscription())
    check("list vaults", names, ["fake-vault", "made-by-python"])
    names = sorted(one.name for one in manager.vaults.list_by_resource_group(GROUP))
    check("list vaults of the group", names, ["fake-vault", "made-by-python"])
    taken = manager.vaults.check_name_availability(
        {"name": "made-by-python", "type": "Microsoft.KeyVault/vaults"}
    )
    check("its name is taken", taken.name_available, False)
    client = CertificateClient(vault_url("made-by-python"), credential())
    check("it is empty", list(client.list_properties_of_certificates()), [])
    manager.vaults.delete(GROUP, "made-by-python")
    deleted = [one.name for one in manager.vaults.list_deleted()]
    check("list deleted vaults", deleted, ["made-by-python"])
    refused(
        "a name in soft delete is a conflict",
        ResourceExistsError,
        lambda: manager.vaults.begin_create_or_update(GROUP, "made-by-python", body),
    )
    manager.vaults.begin_purge_deleted("made-by-python", "westeurope").result()
    check("purge vault", list(manager.vaults.list_deleted()), [])


def born(client):
    policy = CertificatePolicy("Self", subject="CN=born.contoso.com", key_type="EC", key_curve_name="P-384")
    made = client.begin_create_certificate("born", policy).result()
    check("create: it is signed by the vault", made.policy.issuer_name, "Self")
    check("create: the curve", made.policy.key_curve_name, "P-384")


def contacts_and_issuers(client):
    contacts = [CertificateContact(email="pki@contoso.com", name="PKI", phone="1")]
    client.set_contacts(contacts)
    check("contacts", [one.email for one in client.get_contacts()], ["pki@contoso.com"])
    client.delete_contacts()
    refused("no contacts any more", ResourceNotFoundError, client.get_contacts, 404)

    admins = [AdministratorContact(first_name="Ada", last_name="B", email="ada@contoso.com", phone="1")]
    made = client.create_issuer(
        "ours", "Test", account_id="pki", password="of-the-account", admin_contacts=admins
    )
    check("issuer: the account", made.account_id, "pki")
    check("issuer: no password", made.password, None)
    client.update_issuer("ours", account_id="other", enabled=False)
    got = client.get_issuer("OURS")
    check("issuer: changed", (got.account_id, got.enabled, got.provider), ("other", False, "Test"))
    check("issuer: its people", [one.email for one in got.admin_contacts], ["ada@contoso.com"])
    listed = [(one.name, one.provider) for one in client.list_properties_of_issuers()]
    check("issuers are listed", listed, [("ours", "Test")])
    client.delete_issuer("ours")
    refused("no issuer any more", ResourceNotFoundError, lambda: client.get_issuer("ours"), 404)


def backup(client):
    blob = client.backup_certificate("api-01")
    before = bytes(client.get_certificate("api-01").cer)
    refused("restore over an existing certificate", ResourceExistsError, lambda: client.restore_certificate_backup(blob))
    client.begin_delete_certificate("api-01").wait()
    client.purge_deleted_certificate("api-01")
    restored = client.restore_certificate_backup(blob)
    check("restore: the same certificate", bytes(restored.cer), before)
    refused("a blob of zeros", HttpResponseError, lambda: client.restore_certificate_backup(bytes(4728)), 400)


def graph(client):
    def ask(query, **options):
        return client.resources(QueryRequest(query=query, options=QueryRequestOptions(**options)))

    found = ask(
        "resources | where type =~ 'Microsoft.KeyVault/vaults' and name == 'fake-vault'"
        " | project id, name, uri = properties.vaultUri | order by name asc"
    )
    check("graph: one vault", (found.total_records, found.count), (1, 1))
    check("graph: its address", found.data[0]["uri"].rstrip("/"), VAULT)
    check("graph: nothing is cut off", (found.result_truncated, found.skip_token), ("false", None))
    table = ask("resources | project name", result_format="table")
    check("graph: a table", table.data["columns"], [{"name": "name", "type": "string"}])
    error = refused("graph: another language", HttpResponseError, lambda: ask("resources | evaluate x()"), 400)
    codes = [detail.code for detail in error.error.details]
    check("graph: and why", (error.error.code, codes), ("BadRequest", ["InvalidQuery", "InvalidQueryLanguage"]))


def vault_url(name):
    return VAULT.replace("://fake-vault.", f"://{name}.")


def faults(client):
    control("POST", "/faults", b'{"operation":"GetCertificate","calls":{"first":2},"effect":{"error":{"status":503}}}')
    check("two 503 are retried by the SDK", client.get_certificate("api-01").name, "api-01")
    control("DELETE", "/faults")


def main():
    identity()
    identity_by_certificate()
    client = CertificateClient(VAULT, credential())
    certificates(client, SecretClient(VAULT, credential()))
    listing(client)
    lifecycle(client)
    faults(client)
    born(client)
    contacts_and_issuers(client)
    backup(client)
    graph(
        ResourceGraphClient(
            credential(), base_url=MANAGER, credential_scopes=[MANAGER + "/.default"]
        )
    )
    vaults(
        KeyVaultManagementClient(
            credential(),
            os.environ["AZURE_SUBSCRIPTION_ID"],
            base_url=MANAGER,
            credential_scopes=[MANAGER + "/.default"],
            polling_interval=1,
        )
    )
    print("all responses match the expectations of the SDK")


main()
