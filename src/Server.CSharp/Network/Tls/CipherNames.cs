using System.Net.Security;

namespace RedisClone.Server.Network.Tls;

/// <summary>Cipher suites by the names of OpenSSL, which configuration files hold, and by those of the IANA registry.</summary>
internal static class CipherNames
{
    private const char Separator = ':';

    private static readonly (string Prefix, string Exchange)[] Exchanges =
    [
        ("ECDHE-ECDSA-", "ECDHE_ECDSA"),
        ("ECDHE-RSA-", "ECDHE_RSA"),
        ("DHE-RSA-", "DHE_RSA"),
        ("", "RSA"),
    ];

    private static readonly (string Name, string Registered)[] Ciphers =
    [
        ("AES256-GCM-SHA384", "AES_256_GCM_SHA384"),
        ("AES128-GCM-SHA256", "AES_128_GCM_SHA256"),
        ("CHACHA20-POLY1305", "CHACHA20_POLY1305_SHA256"),
        ("AES256-SHA384", "AES_256_CBC_SHA384"),
        ("AES256-SHA256", "AES_256_CBC_SHA256"),
        ("AES128-SHA256", "AES_128_CBC_SHA256"),
        ("AES256-SHA", "AES_256_CBC_SHA"),
        ("AES128-SHA", "AES_128_CBC_SHA"),
    ];

    /// <summary>What TLS 1.2 uses where only the suites of TLS 1.3 are chosen.</summary>
    private const string Usual12 =
        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384:"
        + "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-CHACHA20-POLY1305:"
        + "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256";

    /// <summary>What TLS 1.3 uses where only the ciphers of TLS 1.2 are chosen.</summary>
    private const string Usual13 = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

    /// <summary>
    /// The suites that two lists name, each separated by colons; an empty one means the usual. Returns null, or which name
    /// is unknown.
    /// </summary>
    public static string? TryParse(string ciphers12, string suites13, out List<TlsCipherSuite> suites)
    {
        suites = [];
        string all = $"{(suites13.Length == 0 ? Usual13 : suites13)}{Separator}{(ciphers12.Length == 0 ? Usual12 : ciphers12)}";
        foreach (string name in all.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Find(name) is not { } suite)
            {
                return $"'{name}' is no cipher suite that is known here: name each by itself, as OpenSSL or the IANA registry does";
            }

            suites.Add(suite);
        }

        return null;
    }

    private static TlsCipherSuite? Find(string name)
    {
        string registered = name;
        foreach (var (prefix, exchange) in Exchanges)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && Ciphers.FirstOrDefault(cipher => cipher.Name == name[prefix.Length..]) is { Name: not null } found)
            {
                registered = $"TLS_{exchange}_WITH_{found.Registered}";
                break;
            }
        }

        return registered.StartsWith("TLS_", StringComparison.Ordinal)
            && Enum.TryParse(registered, out TlsCipherSuite suite) ? suite : null;
    }
}
