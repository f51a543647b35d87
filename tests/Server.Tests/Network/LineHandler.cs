using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Network;

namespace RedisClone.Server.Tests.Network;

/// <summary>
/// Echoes each line, but for: <c>quit</c>, which says bye and closes; <c>big n</c>, which answers with n bytes; and
/// <c>block</c>, which stops the connection until <see cref="Unblock"/>.
/// </summary>
internal sealed class LineHandler(LineServer server, IConnection connection) : IConnectionHandler
{
    private int _inside;
    private bool _isBlocked;
    private string? _pushed;

    public IConnection Connection => connection;

    public int NeededBytes { get; private set; }

    public bool MayStayIdle { get; set; }

    public CloseReason CloseAfterReplies { get; private set; }

    /// <summary>The most bytes that were ever offered at once.</summary>
    public int OfferedMax { get; private set; }

    public bool IsBlocked => Volatile.Read(ref _isBlocked);

    public int Receive(byte[] buffer, int start, int end, RespWriter output)
    {
        Enter();
        OfferedMax = Math.Max(OfferedMax, end - start);
        int at = start;
        lock (server.Evaluation)
        {
            while (MayGoOn(output))
            {
                int length = buffer.AsSpan(at, end - at).IndexOf((byte)'\n') + 1;
                if (length == 0)
                {
                    break;
                }

                CarryOut(buffer.AsSpan(at, length), output);
                Interlocked.Increment(ref server.Lines);
                at += length;
            }
        }

        Leave();
        return at - start;
    }

    public void Woken(RespWriter output)
    {
        Enter();
        if (Interlocked.Exchange(ref _pushed, null) is { } text)
        {
            output.Raw(Encoding.ASCII.GetBytes(text));
            Volatile.Write(ref _isBlocked, false);
        }

        Leave();
    }

    /// <summary>Has the connection go on, with this line first.</summary>
    public void Unblock(string line)
    {
        Volatile.Write(ref _pushed, line + "\n");
        connection.Wake();
    }

    public void Closed(CloseReason reason) => server.HandlerClosed(this, reason);

    private bool MayGoOn(RespWriter output) =>
        !IsBlocked
        && CloseAfterReplies == CloseReason.None
        && !output.IsOverflown
        && output.Length < NetworkLimits.OutputBytesPerReceive;

    private void CarryOut(ReadOnlySpan<byte> line, RespWriter output)
    {
        if (line.SequenceEqual("quit\n"u8))
        {
            output.Raw("bye\n"u8);
            CloseAfterReplies = CloseReason.Quit;
        }
        else if (line.SequenceEqual("block\n"u8))
        {
            Volatile.Write(ref _isBlocked, true);
        }
        else if (line.StartsWith("big "u8))
        {
            int count = int.Parse(line[4..^1]);
            output.Reserve(count)[..count].Fill((byte)'x');
            output.Advance(count);
        }
        else if (line.StartsWith("need "u8))
        {
            NeededBytes = int.Parse(line[5..^1]);
        }
        else
        {
            output.Raw(line);
        }
    }

    private void Enter()
    {
        if (Interlocked.Exchange(ref _inside, 1) != 0)
        {
            server.Breaches.Enqueue("two threads in one connection");
        }

        server.Evaluated();
    }

    private void Leave() => Volatile.Write(ref _inside, 0);
}
