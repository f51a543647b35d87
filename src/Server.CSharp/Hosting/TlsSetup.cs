using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RedisClone.Server.Configuration;
using RedisClone.Server.Network.Tls;

namespace RedisClone.Server.Hosting;

/// <summary>Makes of the <c>tls-</c> settings, and the files they name, what connections are encrypted with.</summary>
internal static class TlsSetup
{
    /// <summary>The longest file of certificates or keys that is read.</summary>
    private const int FileBytesMax = 16 << 20;

    /// <summary>The most files of tls-ca-cert-dir.</summary>
    private const int FilesMax = 10_000;

    private const string EncryptedKey = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

    /// <summary>Reads everything anew. Returns null, or why it cannot be used.</summary>
    public static string? TryLoad(ServerOptions options, out TlsContext? context)
    {
        context = null;
        try
        {
            context = Load(options);
            return null;
        }
        catch (TlsSetupException e)
        {
            return e.Message;
        }
    }

    private static TlsContext Load(ServerOptions options)
    {
        if (options.TlsCertFile.Length == 0 || options.TlsKeyFile.Length == 0)
        {
            throw new TlsSetupException("TLS needs a certificate and its key: tls-cert-file and tls-key-file");
        }

        var authorities = Authorities(options);
        if (authorities.Count == 0 && options.TlsAuthClients != ClientCertificates.None)
        {
            throw new TlsSetupException(
                "certificates of clients (tls-auth-clients) need authorities to check them: tls-ca-cert-file or tls-ca-cert-dir");
        }

        return new TlsContext(Certificate(options))
        {
            Clients = options.TlsAuthClients,
            Authorities = authorities,
            Protocols = Protocols(options.TlsProtocols),
            Ciphers = Ciphers(options),
            AllowsResumption = options.TlsSessionCaching,
        };
    }

    private static SslStreamCertificateContext Certificate(ServerOptions options)
    {
        string certificates = Read(options, options.TlsCertFile);
        string key = Read(options, options.TlsKeyFile);
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificates);
            var own = key.Contains(EncryptedKey, StringComparison.Ordinal)
                ? X509Certificate2.CreateFromEncryptedPem(certificates, key, options.TlsKeyFilePass)
                : X509Certificate2.CreateFromPem(certificates, key);
            if (OperatingSystem.IsWindows())
            {
                // Windows encrypts only with keys that have been in a store.
                own = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), password: null);
            }

            chain.RemoveAt(0);
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new TlsSetupException(
                $"'{options.TlsCertFile}' and '{options.TlsKeyFile}' are no certificate and its key in PEM form: {e.Message}");
        }
    }

    private static X509Certificate2Collection Authorities(ServerOptions options)
    {
        var found = new X509Certificate2Collection();
        if (options.TlsCaCertFile.Length > 0)
        {
            Import(options, options.TlsCaCertFile, found);
            if (found.Count == 0)
            {
                throw new TlsSetupException($"'{options.TlsCaCertFile}' holds no certificate in PEM form");
            }
        }

        if (options.TlsCaCertDir.Length > 0)
        {
            string directory = Path.Combine(options.Directory, options.TlsCaCertDir);
            if (!Directory.Exists(directory))
            {
                throw new TlsSetupException($"'{options.TlsCaCertDir}': {FileProblem.NoSuchFile}");
            }

            foreach (string file in Directory.EnumerateFiles(directory).Take(FilesMax))
            {
                Import(options, file, found);
            }

            if (found.Count == 0)
            {
                throw new TlsSetupException($"'{options.TlsCaCertDir}' holds no certificate in PEM form");
            }
        }

        return found;
    }

    private static void Import(ServerOptions options, string file, X509Certificate2Collection found)
    {
        string text = Read(options, file);
        try
        {
            found.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new TlsSetupException($"'{file}' holds a certificate that cannot be read: {e.Message}");
        }
    }

    private static SslProtocols Protocols(string named)
    {
        // The old ones are not good for much, but their use is not ours to decide, and the system's policy still applies.
#pragma warning disable SYSLIB0039, CA5397
        var all = SslProtocols.None;
        foreach (string name in named.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            all |= name.ToUpperInvariant() switch
            {
                "TLSV1" => SslProtocols.Tls,
                "TLSV1.1" => SslProtocols.Tls11,
                "TLSV1.2" => SslProtocols.Tls12,
                "TLSV1.3" => SslProtocols.Tls13,
                _ => throw new TlsSetupException(
                    $"'{name}' is no protocol of tls-protocols: use 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'"),
            };
        }
#pragma warning restore SYSLIB0039, CA5397

        return all == SslProtocols.None ? SslProtocols.Tls12 | SslProtocols.Tls13 : all;
    }

    private static CipherSuitesPolicy? Ciphers(ServerOptions options)
    {
        if (options.TlsCiphers.Length == 0 && options.TlsCipherSuites.Length == 0)
        {
            return null;
        }

        if (!OperatingSystem.IsLinux())
        {
            throw new TlsSetupException(
                "tls-ciphers and tls-ciphersuites can be chosen on Linux only; elsewhere it is for the system to say");
        }

        if (CipherNames.TryParse(options.TlsCiphers, options.TlsCipherSuites, out var suites) is { } problem)
        {
            throw new TlsSetupException(problem);
        }

        return new CipherSuitesPolicy(suites);
    }

    private static string Read(ServerOptions options, string file)
    {
        string path = Path.Combine(options.Directory, file);
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > FileBytesMax })
            {
                throw new TlsSetupException($"'{file}' is too long for certificates or keys");
            }

            return File.ReadAllText(path);
        }
        catch (Exception e) when (FileProblem.Is(e))
        {
            throw new TlsSetupException($"'{file}': {FileProblem.Describe(path, e)}");
        }
    }

    private sealed class TlsSetupException(string problem) : Exception(problem);
}
