using System.Net;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;
using RedisClone.Server.Network;
using RedisClone.Server.Sessions;
using Xunit;

namespace RedisClone.Server.Tests.Access;

/// <summary>Whom a server lets in that has no password.</summary>
public sealed class ProtectedModeTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.1.2.3", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("::ffff:192.0.2.1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("0.0.0.0", false)]
    public void Only_this_machine_is_trusted(string address, bool isTrusted) =>
        Assert.Equal(isTrusted, Session.IsOfThisMachine(new FarConnection(IPAddress.Parse(address))));

    [Fact]
    public void Who_comes_from_elsewhere_is_refused_until_there_is_a_password_or_no_such_protection()
    {
        var options = new ServerOptions { AppendOnly = false, Port = 0 };
        IServerCore? core = null;
        var server = new Server.Hosting.RedisCloneServer(
            options, TimeProvider.System, 1, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance)
        {
            MakeTransport = made =>
            {
                core = made;
                return new Scripts.MemoryTransport(made);
            },
        };
        server.Start();
        var far = new FarConnection(IPAddress.Parse("192.0.2.1"));
        var refusal = new RespWriter(256);
        Assert.Null(core!.Accept(far, refusal));
        Assert.Equal($"-{Errors.protectedMode}\r\n", Bytes.toString(refusal.Written));
        Assert.NotNull(core.Accept(new FarConnection(IPAddress.Loopback), refusal));

        options.ProtectedMode = false;
        Assert.NotNull(core.Accept(far, refusal));

        options.ProtectedMode = true;
        IConnectionHandler handler = core.Accept(new FarConnection(IPAddress.Loopback), refusal)!;
        byte[] command = "CONFIG SET requirepass x\r\n"u8.ToArray();
        handler.Receive(command, 0, command.Length, refusal);
        Assert.EndsWith("+OK\r\n", Bytes.toString(refusal.Written), StringComparison.Ordinal);
        Assert.NotNull(core.Accept(far, refusal));
    }

    private sealed class FarConnection(IPAddress address) : IConnection
    {
        public EndPoint? RemoteEndPoint => new IPEndPoint(address, 1);

        public EndPoint? LocalEndPoint => null;

        public int Handle => -1;

        public long OutputPendingBytes => 0;

        public long InputPendingBytes => 0;

        public void Wake()
        {
        }

        public void Close(CloseReason reason)
        {
        }
    }
}
