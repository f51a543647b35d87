using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace RedisClone.Server.Network.Tls;

/// <summary>Whether clients show certificates.</summary>
public enum ClientCertificates
{
    None,
    Optional,
    Required,
}

/// <summary>
/// What new TLS connections are made with. It does not change: where other certificates are to be used there is another
/// one, and connections keep that which they were made with.
/// </summary>
public sealed record TlsContext(SslStreamCertificateContext Certificate)
{
    public ClientCertificates Clients { get; init; }

    /// <summary>The authorities whose clients are let in.</summary>
    public X509Certificate2Collection Authorities { get; init; } = [];

    public SslProtocols Protocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>The ciphers that may be used; null leaves it to the system.</summary>
    public CipherSuitesPolicy? Ciphers { get; init; }

    /// <summary>Whether a client that comes back may do without a full handshake.</summary>
    public bool AllowsResumption { get; init; } = true;

    /// <summary>The options of one connection, which nobody else has: a chain that is built leaves traces in its policy.</summary>
    internal SslServerAuthenticationOptions NewOptions()
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Certificate,
            ClientCertificateRequired = Clients != ClientCertificates.None,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            EnabledSslProtocols = Protocols,
            CipherSuitesPolicy = Ciphers,
            AllowRenegotiation = false,
            AllowTlsResume = AllowsResumption,
        };
        if (Clients != ClientCertificates.None)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(Authorities);
            options.CertificateChainPolicy = policy;
        }

        return options;
    }
}
