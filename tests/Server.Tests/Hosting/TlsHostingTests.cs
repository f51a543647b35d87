using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using RedisClone.Server.Network;
using RedisClone.Server.Network.Tls;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using RedisClone.Server.Tests.Support;
using StackExchange.Redis;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>A whole server with a TLS port and a Unix socket, and the clients that people use.</summary>
public sealed class TlsHostingTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly TestCertificates _certificates = new();
    private readonly TestCertificates _strangers = new("another authority");
    private readonly int _port = FreePort();

    public void Dispose()
    {
        _certificates.Dispose();
        _strangers.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_usual_client_of_net_works_over_tls()
    {
        using var server = Start(ClientCertificates.Required);
        var options = new ConfigurationOptions
        {
            EndPoints = { { IPAddress.Loopback, _port } },
            Ssl = true,
            SslHost = "localhost",
            ConnectTimeout = 30_000,
            AsyncTimeout = 30_000,
        };
        options.CertificateSelection += (_, _, _, _, _) => _certificates.Client();
        options.CertificateValidation += (_, certificate, _, _) => certificate is not null;
        using var multiplexer = await ConnectionMultiplexer.ConnectAsync(options);
        var database = multiplexer.GetDatabase();
        byte[] large = [.. Enumerable.Range(0, 1_000_000).Select(i => (byte)i)];
        Assert.True(await database.StringSetAsync("large", large));
        Assert.Equal(large, (byte[]?)await database.StringGetAsync("large"));
        var many = Enumerable.Range(0, 1000).Select(i => database.StringIncrementAsync("n")).ToArray();
        Assert.Equal(Enumerable.Range(1, 1000).Select(i => (long)i), await Task.WhenAll(many));
    }

    [NodeFact]
    public void The_usual_client_of_node_works_over_tls()
    {
        using var server = Start(ClientCertificates.None);
        using var project = NodeProject.Install(Path.Combine(ScriptFolder.SourceTree(), "tests", "Clients", "ioredis"));
        string authority = _certificates.WriteAuthority(_folder.Path, "for-node");
        (int code, string output) = project.Run("tls.js", _port.ToString(CultureInfo.InvariantCulture), authority);
        Assert.Equal((0, "ok\n"), (code, output));
    }

    [OracleFact]
    public void The_usual_tool_works_over_tls_and_over_the_unix_socket()
    {
        using var server = Start(ClientCertificates.Required);
        string authority = _certificates.WriteAuthority(_folder.Path, "for-tool");
        var (certificate, key) = TestCertificates.Write(_folder.Path, "tool", _certificates.Client());
        string port = _port.ToString(CultureInfo.InvariantCulture);
        string[] tls = ["-p", port, "--tls", "--cacert", authority];
        Assert.Equal("PONG\n", Tool([.. tls, "--cert", certificate, "--key", key, "PING"]));
        Assert.DoesNotContain("PONG", Tool([.. tls, "PING"]), StringComparison.Ordinal);
        Assert.DoesNotContain("PONG", Tool(["-p", port, "PING"]), StringComparison.Ordinal);

        string socket = Path.Combine(_folder.Path, "s.sock");
        string client = Tool(["-s", socket, "CLIENT", "LIST"]);
        Assert.Contains($" addr={socket}:0 laddr={socket}:0 ", client, StringComparison.Ordinal);
        Assert.Contains(" flags=U ", client, StringComparison.Ordinal);
        Assert.Contains($"tcp_port:{_port}\r\n", Tool(["-s", socket, "INFO", "server"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_usual_client_of_net_works_over_the_unix_socket()
    {
        using var server = Start(ClientCertificates.None);
        using var multiplexer = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
        {
            EndPoints = { new UnixDomainSocketEndPoint(Path.Combine(_folder.Path, "s.sock")) },
            ConnectTimeout = 30_000,
        });
        Assert.True(await multiplexer.GetDatabase().StringSetAsync("a", "b"));
        Assert.Equal("b", await multiplexer.GetDatabase().StringGetAsync("a"));
    }

    [Theory]
    [InlineData(ClientCertificates.None, "none", true)]
    [InlineData(ClientCertificates.None, "stranger", true)]
    [InlineData(ClientCertificates.Optional, "none", true)]
    [InlineData(ClientCertificates.Optional, "good", true)]
    [InlineData(ClientCertificates.Optional, "stranger", false)]
    [InlineData(ClientCertificates.Required, "good", true)]
    [InlineData(ClientCertificates.Required, "none", false)]
    [InlineData(ClientCertificates.Required, "stranger", false)]
    [InlineData(ClientCertificates.Required, "expired", false)]
    [InlineData(ClientCertificates.Required, "server's", false)]
    public void Clients_get_in_by_their_certificates(ClientCertificates clients, string shown, bool isLetIn)
    {
        using var server = Start(clients);
        foreach (var protocol in new[] { SslProtocols.Tls12, SslProtocols.Tls13 })
        {
            using var certificate = shown switch
            {
                "good" => _certificates.Client(),
                "stranger" => _strangers.Client(),
                "expired" => _certificates.Client(to: DateTimeOffset.UtcNow.AddHours(-1)),
                "server's" => _certificates.Server(),
                _ => null,
            };
            Assert.Equal(isLetIn ? "+PONG\r\n" : "", Ask(certificate, protocol));
        }

        Assert.Equal(
            isLetIn ? 0 : 2,
            server.Log.Lines.Count(line => line.Contains("handshake", StringComparison.Ordinal)
                && line.Contains("certificate", StringComparison.Ordinal)));
    }

    [Fact]
    public void Certificates_change_while_it_runs_and_bad_ones_change_nothing()
    {
        using var server = Start(ClientCertificates.None);
        using var connection = new RawUnix(Path.Combine(_folder.Path, "s.sock"));
        Assert.Equal("CN=localhost", Subject());
        var (certificate, key) = TestCertificates.Write(_folder.Path, "renewed", _certificates.Server("renewed"));
        var (_, otherKey) = TestCertificates.Write(_folder.Path, "other", _certificates.Server("other"));

        Assert.StartsWith("-ERR CONFIG SET failed", connection.Ask($"CONFIG SET tls-cert-file {certificate}"), StringComparison.Ordinal);
        Assert.StartsWith("-ERR CONFIG SET failed", connection.Ask($"CONFIG SET tls-key-file {otherKey}"), StringComparison.Ordinal);
        Assert.Contains("No such file", connection.Ask("CONFIG SET tls-cert-file nosuch.pem"), StringComparison.Ordinal);
        Assert.Contains("no protocol of tls-protocols", connection.Ask("CONFIG SET tls-protocols SSLv3"), StringComparison.Ordinal);
        Assert.Contains("no cipher suite", connection.Ask("CONFIG SET tls-ciphers RC4"), StringComparison.Ordinal);
        Assert.Contains("need authorities", connection.Ask("CONFIG SET tls-ca-cert-file \"\" tls-auth-clients yes"), StringComparison.Ordinal);
        Assert.Equal("CN=localhost", Subject());

        Assert.Equal("+OK\r\n", connection.Ask($"CONFIG SET tls-cert-file {certificate} tls-key-file {key}"));
        Assert.Equal("CN=renewed", Subject());

        // The same names again, with other files behind them.
        TestCertificates.Write(_folder.Path, "renewed", _certificates.Server("again"), password: "secret");
        Assert.StartsWith("-ERR", connection.Ask($"CONFIG SET tls-cert-file {certificate}"), StringComparison.Ordinal);
        Assert.Equal("CN=renewed", Subject());
        Assert.Equal("+OK\r\n", connection.Ask("CONFIG SET tls-key-file-pass secret"));
        Assert.Equal("CN=again", Subject());

        Assert.Equal("+OK\r\n", connection.Ask("CONFIG SET tls-ciphersuites TLS_AES_128_GCM_SHA256 tls-protocols TLSv1.3"));
        using var client = Client(null, SslProtocols.Tls13);
        Assert.Equal(TlsCipherSuite.TLS_AES_128_GCM_SHA256, client.NegotiatedCipherSuite);
        Assert.Throws<AuthenticationException>(() => Client(null, SslProtocols.Tls12));
    }

    private string Subject()
    {
        using var client = Client(null, SslProtocols.Tls13);
        return client.RemoteCertificate!.Subject;
    }

    private TestServer Start(ClientCertificates clients)
    {
        var (certificate, key) = TestCertificates.Write(_folder.Path, "server", _certificates.Server());
        string authority = _certificates.WriteAuthority(_folder.Path);
        return new TestServer(options =>
        {
            options.TlsPort = _port;
            options.TlsCertFile = certificate;
            options.TlsKeyFile = key;
            options.TlsCaCertFile = authority;
            options.TlsAuthClients = clients;
            options.UnixSocket = Path.Combine(_folder.Path, "s.sock");
        });
    }

    private SslStream Client(X509Certificate2? certificate, SslProtocols protocol)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)Eventually.Bound.TotalMilliseconds,
        };
        socket.Connect(IPAddress.Loopback, _port);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, _, _, _) => true);
        stream.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocol,
            ClientCertificates = certificate is null ? null : [certificate],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!,
        });
        return stream;
    }

    /// <summary>What a client with this certificate is answered; nothing if it is not let in.</summary>
    private string Ask(X509Certificate2? certificate, SslProtocols protocol)
    {
        try
        {
            using var client = Client(certificate, protocol);
            client.Write("PING\r\n"u8);
            byte[] reply = new byte[64];
            return Encoding.ASCII.GetString(reply, 0, client.Read(reply));
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return "";
        }
    }

    private static string Tool(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("redis-cli", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(Eventually.Bound), "the tool did not end");
        return output.Result + errors.Result;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Inline commands over a Unix socket.</summary>
    private sealed class RawUnix : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Eventually.Bound.TotalMilliseconds,
        };

        public RawUnix(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

        public string Ask(string command)
        {
            _socket.Send(Encoding.UTF8.GetBytes(command + "\r\n"));
            byte[] reply = new byte[4096];
            return Encoding.UTF8.GetString(reply, 0, _socket.Receive(reply));
        }

        public void Dispose() => _socket.Dispose();
    }
}
