using System.Net.Sockets;
using RedisClone.Server.Network;
using RedisClone.Server.Tests.Persistence;
using Xunit;

namespace RedisClone.Server.Tests.Network;

/// <summary>The file of a Unix socket: whose it is, and who may replace it.</summary>
public sealed class UnixSocketTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string SocketPath => _folder.File("s.sock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_file_goes_with_its_server_and_has_the_permissions_that_were_asked_for()
    {
        using (UnixSocketFile.Listen(SocketPath, Convert.ToInt32("750", 8), 5))
        {
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(Convert.ToInt32("750", 8), (int)File.GetUnixFileMode(SocketPath));
            }
        }

        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public void A_socket_that_nobody_listens_on_is_replaced()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // Closed under another name, as by a server that was killed, it stays behind.
        string other = _folder.File("other");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(other));
            File.Move(other, SocketPath);
        }

        Assert.True(File.Exists(SocketPath));
        using var listener = UnixSocketFile.Listen(SocketPath, 0, 5);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(SocketPath));
    }

    [Fact]
    public void A_socket_that_somebody_listens_on_stays_his()
    {
        using var first = UnixSocketFile.Listen(SocketPath, 0, 5);
        var failure = Assert.Throws<IOException>(() => UnixSocketFile.Listen(SocketPath, 0, 5));
        Assert.Contains(SocketPath, failure.Message, StringComparison.Ordinal);
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(SocketPath));
    }

    [Fact]
    public void What_is_no_socket_is_left_alone()
    {
        File.WriteAllText(SocketPath, "data");
        Assert.Throws<IOException>(() => UnixSocketFile.Listen(SocketPath, 0, 5));
        Assert.Equal("data", File.ReadAllText(SocketPath));
    }

    [Fact]
    public void A_path_that_is_too_long_is_an_error_that_says_so()
    {
        var failure = Assert.Throws<IOException>(() => UnixSocketFile.Listen("/" + new string('x', 300), 0, 5));
        Assert.Contains("too long", failure.Message, StringComparison.Ordinal);
    }
}
