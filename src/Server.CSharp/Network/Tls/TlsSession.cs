using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RedisClone.Server.Network.Tls;

// TLS under a connection that has its turns on whatever thread comes by, and must never wait.
//
// SslStream wants a stream below it and waits for it: with a thread, or with a task. What we have is the opposite: a turn
// brings bytes and wants to know what they come to. The two are brought together by the stream below, TlsPipe:
//
//     Connection     Receive, Send: plain bytes                 as over TCP: turns, group commit, back-pressure, limits
//     TlsSession     is it done, or does it wait?
//     SslStream      records, keys, certificates
//     TlsPipe        read: TryReceive, else wait                write: keep, then TrySend
//     Connection     TryReceive, TrySend: the socket            epoll or the sockets of the runtime, the same as without
//
// A read of SslStream becomes a TryReceive right into its buffer. If that would block, the read is left waiting, and
// SslStream with it, as an object that nobody runs. When the connection has a turn with readable bytes, it offers them, and
// all that SslStream does with them happens inside that call, on the thread that has the turn: continuations of the pipe
// run where it is resumed, and none of SslStream's own leaves the thread. So there is no thread, task or timer for a
// connection; a session is a state machine that turns drive. (The one way off the thread is a stack that is nearly used
// up, which the runtime answers with the thread pool. `IsDone` waits for that, a bounded time, rather than to take
// "not finished" for "needs bytes".)
//
// Reading comes in two steps. A read without room waits for as long as there is nothing, and neither SslStream nor we
// hold a buffer meanwhile. Once it is done, there is a decrypted record, or the end, and a read with room has its answer
// at once; so the bytes can go right into the connection's buffer, which is only lent for the turn. Then the next
// read without room is begun. If it is done at once, there is more in the session than the kernel knows of, no event will
// ever tell of it, and the connection asks for another turn by itself (HasInput).
//
// Sending takes plain bytes in portions, and the next only when the records of the one before have left. So what the
// connection counts as unsent, and limits, is right but for one portion; and a client that does not read costs no more than
// it does without TLS.
//
// A handshake is the same with a task that is not a read. It costs a private key operation on the loop, a millisecond for
// RSA of 2048 bits, a tenth of that for a key on the curve P-256. That stalls the loop's other connections for as
// long; other servers do the same. Nothing is fetched from the network in the course of it: no
// certificates, revocations or stapled answers, for which the loop would wait.
//
// What is not done: renegotiation, compression, early data, TLS in the kernel.

/// <summary>One TLS session of the server's side. For the thread that has the connection's turn.</summary>
internal sealed class TlsSession : IDisposable
{
    /// <summary>Plain bytes that are encrypted at a time: two records.</summary>
    public const int PortionBytes = 32 * 1024;

    /// <summary>How long the thread pool may take for what did not fit on this thread's stack.</summary>
    private const int ElsewhereMs = 2_000;

    private readonly TlsPipe _pipe;
    private readonly SslStream _stream;
    private readonly TlsContext _context;
    private Task? _handshake;
    private ValueTask<int> _reading;
    private bool _isReading;
    private string? _refusal;

    public TlsSession(ICarrier carrier, TlsContext context)
    {
        _context = context;
        _pipe = new TlsPipe(carrier);
        _stream = new SslStream(_pipe, leaveInnerStreamOpen: true, IsAcceptable);
    }

    /// <summary>Why the session failed, for the operator.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Whether there is input that the kernel knows nothing of.</summary>
    public bool HasInput => _isReading && _reading.IsCompleted;

    /// <summary>Whether nothing waits to be sent.</summary>
    public bool IsFlushed => _pipe.IsFlushed;

    /// <summary>Goes on with the handshake as far as there are bytes for it: null is not yet, false is failed.</summary>
    public bool? Handshake()
    {
        try
        {
            if (_handshake is null)
            {
                _handshake = _stream.AuthenticateAsServerAsync(_context.NewOptions(), CancellationToken.None);
            }
            else
            {
                _pipe.Offer();
            }

            if (!IsDone())
            {
                return null;
            }

            _handshake.GetAwaiter().GetResult();
            _handshake = null;
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(e);
            return false;
        }
    }

    /// <summary>Plain bytes, as <see cref="Connection"/> receives them. The room is not kept.</summary>
    public int Receive(Memory<byte> room)
    {
        try
        {
            if (_isReading)
            {
                _pipe.Offer();
            }
            else
            {
                BeginReading();
            }

            if (!IsDone())
            {
                return Connection.WouldBlock;
            }

            _isReading = false;
            _ = _reading.GetAwaiter().GetResult();
            _reading = _stream.ReadAsync(room, CancellationToken.None);
            if (!IsDone())
            {
                throw new IOException("a record was announced and did not come");
            }

            int received = _reading.GetAwaiter().GetResult();
            if (received > 0)
            {
                BeginReading();
            }

            return received;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(e);
            return Connection.Failed;
        }
    }

    /// <summary>Takes plain bytes to send, as many as may be.</summary>
    public int Send(ArraySegment<byte> bytes)
    {
        int flushed = Flush();
        if (flushed < 0)
        {
            return flushed;
        }

        try
        {
            int portion = Math.Min(bytes.Count, PortionBytes);
            _stream.Write(bytes.Array!, bytes.Offset, portion);
            return Flush() == Connection.Failed ? Connection.Failed : portion;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Fail(e);
            return Connection.Failed;
        }
    }

    /// <summary>Sends records that have not left: 0 when all have, else as sending does.</summary>
    public int Flush() => _pipe.SendUnsent();

    /// <summary>Tells the peer that nothing more comes, as far as the kernel takes it at once.</summary>
    public void EndSending()
    {
        try
        {
            _stream.ShutdownAsync().GetAwaiter().GetResult();
            _ = Flush();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The session has failed before, or the peer is gone.
            Fail(e);
        }
    }

    public void Dispose()
    {
        // A read or handshake that still waits comes to its end, which nobody looks at.
        _pipe.End();
        _ = _handshake?.Exception;
        _stream.Dispose();
    }

    private void BeginReading()
    {
        _reading = _stream.ReadAsync(Memory<byte>.Empty, CancellationToken.None);
        _isReading = true;
    }

    private bool IsCompleted => _handshake is { } handshake ? handshake.IsCompleted : _reading.IsCompleted;

    /// <summary>Whether the operation at hand has come to its end; if not, it waits for bytes.</summary>
    private bool IsDone()
    {
        if (IsCompleted || _pipe.IsWaiting)
        {
            return IsCompleted;
        }

        var spin = default(SpinWait);
        long untilMs = Environment.TickCount64 + ElsewhereMs;
        while (!IsCompleted && !_pipe.IsWaiting)
        {
            if (Environment.TickCount64 > untilMs)
            {
                throw new IOException("there is no thread to go on with");
            }

            spin.SpinOnce();
        }

        return IsCompleted;
    }

    private void Fail(Exception e)
    {
        if (Problem.Length > 0)
        {
            return;
        }

        var text = new StringBuilder();
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
        {
            text.Append(text.Length == 0 ? "" : " ").Append(cause.Message);
        }

        Problem = _refusal ?? text.ToString();
    }

    /// <summary>Judges the certificate of a client; the chain was built from the authorities that are trusted here.</summary>
    private bool IsAcceptable(
        object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            _refusal = "the client has shown no certificate";
            return _context.Clients != ClientCertificates.Required;
        }

        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        string reasons = chain is null
            ? errors.ToString()
            : string.Join(", ", chain.ChainStatus.Select(status => status.Status.ToString()).Distinct());
        _refusal = $"the client's certificate '{certificate.Subject}' is not accepted: {reasons}";
        return false;
    }
}
