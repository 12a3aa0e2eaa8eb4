"""Creates the CA for the SDK's merge tests: `ca.key` and `ca.crt` in a directory."""

import os
import sys

from OpenSSL import crypto

key = crypto.PKey()
key.generate_key(crypto.TYPE_RSA, 2048)
certificate = crypto.X509()
certificate.get_subject().CN = "Suite"
certificate.set_issuer(certificate.get_subject())
certificate.set_serial_number(1)
certificate.gmtime_adj_notBefore(0)
certificate.gmtime_adj_notAfter(86400)
certificate.set_pubkey(key)
certificate.sign(key, "sha256")
for name, text in (
    ("ca.key", crypto.dump_privatekey(crypto.FILETYPE_PEM, key)),
    ("ca.crt", crypto.dump_certificate(crypto.FILETYPE_PEM, certificate)),
):
    with open(os.path.join(sys.argv[1], name), "wb") as file:
        file.write(text)
