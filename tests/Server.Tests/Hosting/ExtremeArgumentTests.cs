using RedisClone.Protocol.Interop;
using RedisClone.Server.Configuration;
using RedisClone.Server.Hosting;
using RedisClone.Server.Persistence;
using RedisClone.Server.Tests.Differential;
using RedisClone.Server.Tests.Persistence;
using RedisClone.Server.Tests.Scripts;
using RedisClone.Server.Tests.Support;
using Xunit;

namespace RedisClone.Server.Tests.Hosting;

/// <summary>
/// Every command of the table with every extreme in every place, and every sensible command with one argument made
/// extreme. All that is asked: one whole reply, no exception (which the transport without threads lets through), and the
/// same data when the log is read again.
/// </summary>
public sealed class ExtremeArgumentTests
{
    private const int ArgumentsMax = 6;
    private const int FillsOfTemplate = 3;

    /// <summary>Replies pile up in a connection without a socket.</summary>
    private const int CallsOfConnection = 200;

    /// <summary>They end the conversation, end the server, hold everybody's commands back, or sleep.</summary>
    private static readonly HashSet<string> Excluded =
        ["quit", "shutdown", "client|pause", "client|reply", "client|kill", "acl|setuser", "config|set", "debug"];

    private static readonly string[] Extremes =
    [
        "-1", "0", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615", "nan", "inf",
        "-inf", "", "*", "1e400", "-0", "(", "[", "\0\xff\r\n",
    ];

    private static readonly string Long = new('9', 1 << 20);

    private static readonly string[] Keys = ["string", "number", "hash", "list", "set", "sorted", "stream", "none"];

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_command_with_an_extreme_in_every_place_gives_one_reply_and_what_it_did_is_logged(int protocol)
    {
        using var attack = new Attack(protocol);
        foreach (HostCommand command in new CommandSet().All)
        {
            if (command.IsContainer || Excluded.Contains(command.FullName))
            {
                continue;
            }

            string[] names = command.FullName.Split('|');
            for (int count = names.Length + 1; count <= names.Length + ArgumentsMax; count++)
            {
                for (int place = names.Length; command.Accepts(count) && place < count; place++)
                {
                    foreach (string extreme in Extremes.Append(count <= names.Length + 3 ? Long : "-2"))
                    {
                        string[] line = [.. names, .. Enumerable.Repeat("1", count - names.Length)];
                        line[names.Length] = Keys[(count + place + extreme.Length) % Keys.Length];
                        line[place] = extreme;
                        attack.Call(line, isOwn: command.IsHosted);
                    }
                }
            }
        }

        attack.AssertLogged();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_sensible_command_with_an_extreme_in_one_place_gives_one_reply_and_what_it_did_is_logged(int protocol)
    {
        using var attack = new Attack(protocol);
        var vocabulary = new Vocabulary(new Random(protocol));
        var commands = new CommandSet();
        foreach (Template template in Templates.Main)
        {
            for (int fill = 0; fill < FillsOfTemplate; fill++)
            {
                List<string> line = template.Fill(vocabulary);
                bool isOwn = commands.TryFind(line[0].ToLowerInvariant().Select(c => (byte)c).ToArray()) is not { IsHosted: false };
                attack.Call(line, isOwn);
                for (int place = 1; place < line.Count; place++)
                {
                    foreach (string extreme in fill == 0 ? Extremes.Append(Long) : Extremes)
                    {
                        string[] spoiled = [.. line];
                        spoiled[place] = extreme;
                        attack.Call(spoiled, isOwn);
                    }
                }
            }
        }

        attack.AssertLogged();
    }

    /// <summary>A server without sockets, its log, and a client that says anything.</summary>
    private sealed class Attack : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();
        private readonly FakeTime _time = new();
        private readonly int _protocol;
        private RedisCloneServer _server;
        private MemoryTransport _transport = null!;
        private IScriptConnection? _client;
        private int _calls;

        public Attack(int protocol)
        {
            _protocol = protocol;
            _server = Start();
            using IScriptConnection client = _transport.Connect();
            client.Call("SET", "string", "abc");
            client.Call("SET", "number", "10");
            client.Call("HSET", "hash", "f", "v", "1", "1");
            client.Call("RPUSH", "list", "a", "1", "2");
            client.Call("SADD", "set", "a", "1");
            client.Call("ZADD", "sorted", "1", "a", "2", "1");
            client.Call("XADD", "stream", "1-1", "f", "v");
            client.Call("XGROUP", "CREATE", "stream", "1", "0");
        }

        /// <summary>Sends a command and has its reply, if it does not wait for something, which none but it may follow.</summary>
        /// <param name="line">The command.</param>
        /// <param name="isOwn">Whether the connection serves for nothing else: the command may change its state, or give several replies.</param>
        public void Call(IReadOnlyList<string> line, bool isOwn)
        {
            if (isOwn || _client is null || ++_calls % CallsOfConnection == 0)
            {
                _client?.Dispose();
                _client = _transport.Connect();
                _client.Call("HELLO", $"{_protocol}");
            }

            try
            {
                _client.Send(line);
                if (_client.Receive() is null || isOwn)
                {
                    End();
                    return;
                }

                Assert.Equal("end", _client.Call("ECHO", "end").Text);
            }
            catch (TimeoutException)
            {
                End();
            }
            catch (Exception defect)
            {
                string shown = Quoting.Join([.. line.Select(each => each.Length > 100 ? each[..100] + "..." : each)]);
                Assert.Fail($"{shown}\n{defect}");
            }
        }

        public void AssertLogged()
        {
            string digest = Digest();
            Stop();
            _server = Start();
            Assert.Equal(digest, Digest());
        }

        public void Dispose()
        {
            Stop();
            _directory.Dispose();
        }

        private string Digest()
        {
            using IScriptConnection client = _transport.Connect();
            return client.Call("DEBUG", "DIGEST").Text;
        }

        private void End()
        {
            _client?.Dispose();
            _client = null;
        }

        private void Stop()
        {
            End();
            _server.StopAsync().GetAwaiter().GetResult();
        }

        private RedisCloneServer Start()
        {
            var options = new ServerOptions
            {
                Port = 0,
                Directory = _directory.Path,
                AppendOnly = true,
                AppendFsync = FsyncPolicy.No,
                EnableDebugCommand = DebugAccess.Yes,
            };
            var server = new RedisCloneServer(options, _time, 1, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
            server.MakeTransport = core => _transport = new MemoryTransport(core);
            server.Start();
            return server;
        }
    }
}
