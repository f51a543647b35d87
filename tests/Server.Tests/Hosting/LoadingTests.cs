using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RedisClone.Server.Configuration;
using RedisClone.Server.Hosting;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Network;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using RedisClone.Server.Tests.Support;
using Xunit;
using TransportKind = RedisClone.Server.Configuration.TransportKind;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>The port is open before the data are there, and says so.</summary>
public sealed class LoadingTests : IDisposable
{
    private const string LoadingError = "LOADING Redis is loading the dataset in memory";
    private const int Keys = 60;
    private const int ValueBytes = 100_000;

    private readonly TemporaryDirectory _directory = new();
    private readonly HeldDisk _disk = new(heldFrom: Keys * ValueBytes / 2);

    public static TheoryData<TransportKind> All =>
        OperatingSystem.IsLinux() ? [TransportKind.Epoll, TransportKind.Sockets] : [TransportKind.Sockets];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(All))]
    public async Task Clients_that_come_while_the_log_is_loaded_are_told_so(TransportKind transport)
    {
        string digest = await Fill();
        await using RedisCloneServer server = Make(_disk, transport);
        Task starting = Background.Run(server.Start);
        Eventually.True(() => server.Port != 0 && _disk.IsWaitedFor);
        using var client = new TcpConnection(server.Port);
        foreach (string[] command in new[] { ["PING"], ["GET", "k1"], ["SET", "k1", "v"], new[] { "DEBUG", "DIGEST" } })
        {
            Assert.Equal(ReplyValue.Scalar(ReplyKind.Error, LoadingError), client.Call(command));
        }

        Assert.Equal("hello", client.Call("ECHO", "hello").Text);
        Assert.Equal("OK", client.Call("SELECT", "3").Text);
        Assert.Equal("OK", client.Call("SELECT", "0").Text);
        Assert.Equal("OK", client.Call("MULTI").Text);
        Assert.Equal(LoadingError, client.Call("SET", "k1", "v").Text);
        Assert.StartsWith("EXECABORT", client.Call("EXEC").Text, StringComparison.Ordinal);
        Assert.Equal(1, Number(client, "loading"));
        Assert.InRange(Number(client, "loading_loaded_bytes"), ValueBytes, Number(client, "loading_total_bytes") - 1);
        Assert.InRange(Number(client, "loading_total_bytes"), Keys * ValueBytes, Keys * (ValueBytes + 1000));
        Assert.False(starting.IsCompleted);

        _disk.LetGo();
        Eventually.Done(starting);
        Assert.Equal("PONG", client.Call("PING").Text);
        Assert.Equal(digest, client.Call("DEBUG", "DIGEST").Text);
        Assert.Equal(0, Number(client, "loading"));
        Assert.DoesNotContain("loading_", client.Call("INFO", "persistence").Text, StringComparison.Ordinal);

        // With appendfsync always this reply waits for the log that was not there when the client came.
        Assert.Equal("OK", client.Call("SET", "k1", "v").Text);
        Assert.Equal("v", client.Call("GET", "k1").Text);
    }

    [Fact]
    public async Task A_server_that_is_stopped_while_it_loads_stops_and_loses_nothing()
    {
        string digest = await Fill();
        RedisCloneServer server = Make(_disk, TransportKind.Auto);
        Task starting = Background.Run(server.Start);
        Eventually.True(() => server.Port != 0 && _disk.IsWaitedFor);
        using (var client = new TcpConnection(server.Port))
        {
            client.Send(["SHUTDOWN"]);
            Assert.Null(client.Receive());
        }

        Task stopping = server.StopAsync();
        _disk.LetGo();
        await Assert.ThrowsAsync<OperationCanceledException>(() => starting);
        Eventually.Done(stopping);

        await using RedisCloneServer next = Make(new OsDisk(), TransportKind.Auto);
        next.Start();
        using var other = new TcpConnection(next.Port);
        Assert.Equal(digest, other.Call("DEBUG", "DIGEST").Text);
    }

    [Fact]
    public async Task A_log_that_cannot_be_loaded_closes_the_port_again()
    {
        await Fill();
        string path = _directory.File(new ServerOptions().AppendFileName);
        byte[] log = File.ReadAllBytes(path);
        log[log.Length / 2] ^= 1;
        File.WriteAllBytes(path, log);
        await using RedisCloneServer server = Make(new OsDisk(), TransportKind.Auto);
        Assert.Throws<LogDamagedException>(server.Start);
        Assert.Equal(0, server.Port);
    }

    private static long Number(TcpConnection client, string field) => long.Parse(
        client.Call("INFO", "persistence").Text.Split($"\n{field}:")[1].Split('\r')[0], CultureInfo.InvariantCulture);

    private async Task<string> Fill()
    {
        await using RedisCloneServer server = Make(new OsDisk(), TransportKind.Auto);
        server.Start();
        using var client = new TcpConnection(server.Port);
        for (int i = 0; i < Keys; i++)
        {
            Assert.Equal("OK", client.Call("SET", $"k{i}", new string('x', ValueBytes)).Text);
        }

        return client.Call("DEBUG", "DIGEST").Text;
    }

    private RedisCloneServer Make(ILogDisk disk, TransportKind transport) => new(
        new ServerOptions
        {
            Port = 0,
            Bind = ["127.0.0.1"],
            Directory = _directory.Path,
            Transport = transport,
            AppendFsync = FsyncPolicy.Always,
            EnableDebugCommand = DebugAccess.Yes,
        },
        new FakeTime(),
        seed: 1,
        NullLoggerFactory.Instance,
        disk);

    /// <summary>The disk of the machine, but a log is not read beyond an offset until it is let go.</summary>
    private sealed class HeldDisk(long heldFrom) : ILogDisk
    {
        private readonly OsDisk _disk = new();
        private readonly ManualResetEventSlim _letGo = new();
        private volatile bool _isWaitedFor;

        public bool IsWaitedFor => _isWaitedFor;

        public void LetGo() => _letGo.Set();

        public ILogFile Open(string path, LogFileMode mode) => new HeldFile(this, _disk.Open(path, mode));

        public bool Exists(string path) => _disk.Exists(path);

        public void Delete(string path) => _disk.Delete(path);

        public void Rename(string from, string to) => _disk.Rename(from, to);

        public void SyncDirectory(string path) => _disk.SyncDirectory(path);

        public IDisposable Lock(string path) => _disk.Lock(path);

        private void Pass(long offset)
        {
            if (offset >= heldFrom && !_letGo.IsSet)
            {
                _isWaitedFor = true;
                Assert.True(_letGo.Wait(Eventually.Bound));
            }
        }

        private sealed class HeldFile(HeldDisk disk, ILogFile file) : ILogFile
        {
            public long Length => file.Length;

            public int Read(long offset, Span<byte> target)
            {
                disk.Pass(offset);
                return file.Read(offset, target);
            }

            public void Write(long offset, ReadOnlySpan<byte> bytes) => file.Write(offset, bytes);

            public void Sync() => file.Sync();

            public void Truncate(long length) => file.Truncate(length);

            public void Dispose() => file.Dispose();
        }
    }
}
