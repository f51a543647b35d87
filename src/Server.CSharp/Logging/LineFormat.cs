using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Logging;

/// <summary>How an event becomes a line: <c>hh:mm:ss.fff level message</c>.</summary>
internal static class LineFormat
{
    public const int MessageCharactersMax = 4096;

    /// <summary>
    /// Text for one event, without a line end. What a message holds from a client cannot start a line of its own:
    /// control characters are shown as <c>\xHH</c>. An exception follows on lines that are set in.
    /// </summary>
    public static string Format(DateTimeOffset time, LogLevel level, string message, Exception? exception)
    {
        var line = new StringBuilder(message.Length + 32);
        line.Append(time.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)).Append(' ');
        line.Append(WordOf(level).PadRight("warning".Length)).Append(' ');
        AppendPrintable(line, message);
        if (exception is not null)
        {
            foreach (string part in exception.ToString().Split('\n'))
            {
                line.Append("\n    ");
                AppendPrintable(line, part.TrimEnd());
            }
        }

        return line.ToString();
    }

    /// <summary>The least level that is logged at a loglevel.</summary>
    public static LogLevel LeastLevel(LogVerbosity verbosity) => verbosity switch
    {
        LogVerbosity.Debug => LogLevel.Trace,
        LogVerbosity.Verbose => LogLevel.Debug,
        LogVerbosity.Notice => LogLevel.Information,
        _ => LogLevel.Warning,
    };

    /// <summary>The words of loglevel; what is worse than a warning says so.</summary>
    private static string WordOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "debug",
        LogLevel.Debug => "verbose",
        LogLevel.Information => "notice",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private static void AppendPrintable(StringBuilder line, string text)
    {
        bool cut = text.Length > MessageCharactersMax;
        foreach (char c in cut ? text.AsSpan(0, MessageCharactersMax) : text)
        {
            if (char.IsControl(c))
            {
                line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            }
            else
            {
                line.Append(c);
            }
        }

        line.Append(cut ? "..." : "");
    }
}
