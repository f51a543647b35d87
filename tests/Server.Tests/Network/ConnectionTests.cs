using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RedisClone.Protocol;
using RedisClone.Server.Network;
using Xunit;
using EndPoint = System.Net.EndPoint;

namespace RedisClone.Server.Tests.Network;

/// <summary>A connection by itself, for moments that no client can time.</summary>
public class ConnectionTests
{
    [Fact]
    public void What_has_arrived_by_the_time_of_stopping_is_answered_before_the_end()
    {
        var core = new OneHandlerCore();
        var connection = new ScriptedConnection(core);
        connection.Turn(Signals.Opened);
        connection.Arrives = "late\n";
        connection.Turn(Signals.Stop);
        Assert.Equal("late\n", connection.Left);
        Assert.Equal(CloseReason.Shutdown, core.Closed);
        Assert.Equal("end", connection.State);
    }

    [Fact]
    public void A_quiet_connection_is_released_at_once_when_stopping()
    {
        var core = new OneHandlerCore();
        var connection = new ScriptedConnection(core);
        connection.Turn(Signals.Opened);
        Assert.Equal(Needs.Ended, connection.Turn(Signals.Stop));
        Assert.Equal(CloseReason.Shutdown, core.Closed);
        Assert.Equal("released", connection.State);
    }

    [Fact]
    public void A_connection_that_closes_after_its_replies_takes_nothing_from_elsewhere_any_more()
    {
        var core = new OneHandlerCore();
        var connection = new ScriptedConnection(core) { Blocks = true };
        connection.Turn(Signals.Opened);
        connection.Arrives = "quit\n";
        connection.Turn(Signals.Readable);
        connection.Turn(Signals.Wake);
        connection.Blocks = false;
        connection.Turn(Signals.Writable);
        Assert.Equal("quit\n", connection.Left);
    }

    [Fact]
    public void A_handler_that_runs_out_of_memory_costs_its_own_connection()
    {
        var core = new OneHandlerCore();
        var connection = new ScriptedConnection(core);
        connection.Turn(Signals.Opened);
        connection.Arrives = "huge\n";
        Assert.Equal(Needs.Ended, connection.Turn(Signals.Readable));
        Assert.Equal(CloseReason.OutOfMemory, core.Closed);
    }

    /// <summary>A connection whose peer is the test.</summary>
    private sealed class ScriptedConnection(OneHandlerCore core) : Connection(core.Context, null)
    {
        private readonly Workspace _work = new();

        public string Arrives { get; set; } = "";

        public bool Blocks { get; set; }

        public string Left { get; private set; } = "";

        public string State { get; private set; } = "open";

        public override EndPoint? LocalEndPoint => null;

        public override int Handle => -1;

        protected override bool PeerHasAll => true;

        public Needs Turn(Signals signals)
        {
            Serve(signals, _work);
            return Settle(_work, 0, 0);
        }

        public override void Signal(Signals signals) => Turn(signals);

        protected override int TryReceive(Span<byte> room)
        {
            if (Arrives.Length == 0)
            {
                return WouldBlock;
            }

            int count = Encoding.ASCII.GetBytes(Arrives, room);
            Arrives = "";
            return count;
        }

        protected override int TrySend(ArraySegment<byte> bytes)
        {
            if (Blocks)
            {
                return WouldBlock;
            }

            Left += Encoding.ASCII.GetString(bytes);
            return bytes.Count;
        }

        protected override void Listen(bool input, bool room)
        {
        }

        protected override void EndSending() => State = "end";

        protected override void Release() => State = "released";
    }

    private sealed class OneHandlerCore : IServerCore, IConnectionHandler
    {
        public OneHandlerCore()
        {
            Context = new TransportContext(new TransportOptions(), this, new ManualTime(), NullLogger.Instance);
        }

        public TransportContext Context { get; }

        public CloseReason Closed { get; private set; }

        public long DurablePosition => 0;

        public int NeededBytes => 0;

        public CloseReason CloseAfterReplies { get; private set; }

        public IConnectionHandler? Accept(IConnection connection, RespWriter refusal) => this;

        public long Flush() => 0;

        public void OnDurable(Action wake)
        {
        }

        public int Receive(byte[] buffer, int start, int end, RespWriter output)
        {
            var line = buffer.AsSpan(start, end - start);
            if (line.SequenceEqual("huge\n"u8))
            {
                throw new OutOfMemoryException();
            }

            CloseAfterReplies = line.SequenceEqual("quit\n"u8) ? CloseReason.Quit : CloseReason.None;
            output.Raw(line);
            return line.Length;
        }

        public void Woken(RespWriter output) => output.Raw("pushed\n"u8);

        void IConnectionHandler.Closed(CloseReason reason) => Closed = reason;
    }
}
