using System.Text;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Logging;

/// <summary>
/// The server's own log: a line for each event, to standard output or to the file that <c>logfile</c> names.
/// <c>loglevel</c> is read at each event, so that CONFIG SET takes effect at once.
/// </summary>
internal sealed class LineLoggerProvider : ILoggerProvider
{
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly LineQueue _queue;

    /// <exception cref="IOException">The log file cannot be opened; also other exceptions of opening a file.</exception>
    public LineLoggerProvider(ServerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        if (options.LogFile.Length == 0)
        {
            Stream output = Console.OpenStandardOutput();
            _queue = new LineQueue(lines => WriteTo(output, lines));
        }
        else
        {
            string path = Path.GetFullPath(Path.Combine(options.Directory, options.LogFile));
            Append(path, []);
            _queue = new LineQueue(lines => Append(path, lines));
        }
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this);

    public void Dispose() => _queue.Dispose();

    /// <summary>Opens the file for each batch, so that one that was moved away, or deleted, is started anew.</summary>
    private static void Append(string path, IReadOnlyList<string> lines)
    {
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        WriteTo(file, lines);
    }

    private static void WriteTo(Stream stream, IReadOnlyList<string> lines)
    {
        var text = new StringBuilder();
        foreach (string line in lines)
        {
            text.Append(line).Append('\n');
        }

        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
        stream.Flush();
    }

    private sealed class LineLogger(LineLoggerProvider provider) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel level) =>
            level != LogLevel.None && level >= LineFormat.LeastLevel(provider._options.LogLevel);

        public void Log<TState>(
            LogLevel level,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(level))
            {
                string message = formatter(state, exception);
                provider._queue.Add(LineFormat.Format(provider._time.GetLocalNow(), level, message, exception));
            }
        }
    }
}
