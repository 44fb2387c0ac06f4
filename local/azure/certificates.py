"""A certificate for localhost, made at start, and a bundle of authorities that trusts it."""

import ssl
from pathlib import Path

import certifi
import trustme

_SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/cert.pem"),
)


class Certificates:
    """An authority of this start and its certificate for localhost and 127.0.0.1."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="naptime's simulated Azure")
        self._certificate = self._authority.issue_cert("localhost", "127.0.0.1", "::1")

    def server_context(self) -> ssl.SSLContext:
        """Make the TLS context that the server presents its certificate with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._certificate.configure_cert(context)
        return context

    @property
    def authority_pem(self) -> bytes:
        """The authority's own certificate."""
        return self._authority.cert_pem.bytes()

    def bundle(self) -> bytes:
        """Join this machine's authorities, certifi's and the simulator's own, for SSL_CERT_FILE."""
        system = [file.read_bytes() for file in _SYSTEM_BUNDLES if file.is_file()][:1]
        parts = [*system, Path(certifi.where()).read_bytes(), self.authority_pem]
        return b"\n".join(part.strip() for part in parts) + b"\n"
