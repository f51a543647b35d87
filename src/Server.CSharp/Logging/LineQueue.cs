namespace RedisClone.Server.Logging;

/// <summary>
/// Hands lines to a thread of its own that writes them, so that whoever logs never waits for a terminal, a pipe or a
/// disk. When the writer falls behind by <see cref="LinesMax"/> lines, further ones are counted instead of kept, and
/// the count is written once there is room.
/// </summary>
internal sealed class LineQueue : IDisposable
{
    public const int LinesMax = 4096;
    private static readonly TimeSpan DrainTimeMax = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly AutoResetEvent _filled = new(false);
    private readonly Action<IReadOnlyList<string>> _write;
    private readonly Thread _writer;
    private List<string> _waiting = [];
    private long _lostLines;
    private bool _closed;

    /// <param name="write">Writes a batch of lines. What it throws costs that batch, which then counts as lost.</param>
    public LineQueue(Action<IReadOnlyList<string>> write)
    {
        _write = write;
        _writer = new Thread(WriteLines) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    /// <summary>Takes a line to be written soon. Never blocks on the writing.</summary>
    public void Add(string line)
    {
        bool wasEmpty;
        lock (_gate)
        {
            if (_closed || _waiting.Count >= LinesMax)
            {
                _lostLines++;
                return;
            }

            wasEmpty = _waiting.Count == 0;
            _waiting.Add(line);
        }

        if (wasEmpty)
        {
            _filled.Set();
        }
    }

    /// <summary>Writes what is waiting, within a bounded time, and ends.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
        }

        _filled.Set();
        if (_writer.Join(DrainTimeMax))
        {
            _filled.Dispose();
        }
    }

    private void WriteLines()
    {
        List<string> batch = [];
        bool closed;
        do
        {
            _filled.WaitOne();
            long lost;
            lock (_gate)
            {
                (batch, _waiting) = (_waiting, batch);
                (lost, _lostLines) = (_lostLines, 0);
                closed = _closed;
            }

            Write(batch, lost);
            batch.Clear();
        }
        while (!closed);
    }

    private void Write(List<string> batch, long lost)
    {
        int lines = batch.Count;
        if (lost > 0)
        {
            batch.Add($"({lost} lines were lost: the log could not be written fast enough, or at all)");
        }

        try
        {
            _write(batch);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            lock (_gate)
            {
                _lostLines += lost + lines;
            }
        }
    }
}
