using System.Globalization;
using System.Net;
using RedisClone.Protocol;
using Reason = RedisClone.Protocol.Errors.ConfigReason;

namespace RedisClone.Server.Configuration;

/// <summary>What the rows of <see cref="Settings"/> that are not plain numbers and words accept.</summary>
internal static class SettingParsers
{
    public static string? BindAddresses(
        ReadOnlySpan<string> words, IReadOnlyList<string> current, out IReadOnlyList<string> addresses)
    {
        addresses = current;
        if (words.Length > ServerOptions.BindAddressesMax)
        {
            return Reason.tooManyAddresses;
        }

        if (words.Length == 0 || words.Contains(""))
        {
            return "at least one address to listen on is needed, and none may be empty";
        }

        addresses = words.ToArray();
        return null;
    }

    public static string? OutputLimits(
        ReadOnlySpan<string> words, OutputBufferLimits current, out OutputBufferLimits limits) =>
        current.TryChange(words, out limits);

    public static string? KeyEvents(
        ReadOnlySpan<string> words, KeyEventSelection current, out KeyEventSelection selection)
    {
        if (KeyEventSelection.TryParse(words[0]) is { } read)
        {
            selection = read;
            return null;
        }

        selection = current;
        return Reason.eventClass;
    }

    public static string? Percentiles(
        ReadOnlySpan<string> words, IReadOnlyList<double> current, out IReadOnlyList<double> percentiles)
    {
        var numbers = new double[words.Length];
        percentiles = numbers;
        for (var i = 0; i < words.Length; i++)
        {
            if (!Numbers.tryParseDouble(Bytes.ofString(words[i]), ref numbers[i]))
            {
                percentiles = current;
                return Errors.ConfigReason.percentilesInvalid;
            }

            if (numbers[i] is not (>= 0 and <= 100))
            {
                percentiles = current;
                return Errors.ConfigReason.percentiles;
            }
        }

        return null;
    }

    /// <summary>An address in numbers, or all.</summary>
    public static string? Address(ReadOnlySpan<string> words, string current, out string address)
    {
        address = words[0];
        return address == "*" || IPAddress.TryParse(address, out _) ? null : "argument must be an IP address or *";
    }

    public static string FormatPercentiles(IReadOnlyList<double> percentiles) =>
        string.Join(' ', percentiles.Select(number => number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A directory that exists, made absolute so that it stays the same one.</summary>
    public static string? ExistingDirectory(ReadOnlySpan<string> words, string current, out string directory)
    {
        directory = current;
        if (Path(words, current, out string path) is { } problem)
        {
            return problem;
        }

        if (path.Length == 0)
        {
            return FileProblem.NoSuchFile;
        }

        if (!Directory.Exists(path))
        {
            return File.Exists(path) ? FileProblem.NotADirectory : FileProblem.NoSuchFile;
        }

        directory = FullPath(path);
        return null;
    }

    /// <summary>An absolute path without a separator at its end.</summary>
    public static string FullPath(string path) =>
        System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    public static string? FileName(ReadOnlySpan<string> words, string current, out string name)
    {
        if (Path(words, current, out name) is { } problem)
        {
            return problem;
        }

        if (name.Length == 0)
        {
            return "appendfilename can't be empty";
        }

        if (name is "." or ".." || name.AsSpan().ContainsAny('/', '\\'))
        {
            return "appendfilename can't be a path, just a filename";
        }

        return name.AsSpan().ContainsAny(System.IO.Path.GetInvalidFileNameChars())
            ? "appendfilename holds a character that file names cannot have"
            : null;
    }

    /// <summary>Any path, or nothing; whether it can be opened is found out when it is.</summary>
    public static string? Path(ReadOnlySpan<string> words, string current, out string path)
    {
        path = current;
        if (words[0].Contains('\0'))
        {
            return "argument must not hold a NUL byte";
        }

        return ByteText.TryToText(words[0], out path) ? null : "argument must be valid UTF-8";
    }

    /// <summary>Permissions of a file, in octal.</summary>
    public static string? Permissions(ReadOnlySpan<string> words, int current, out int permissions)
    {
        const int permissionsMax = 0x1FF;
        permissions = current;
        int value = 0;
        foreach (char digit in words[0])
        {
            if (digit is < '0' or > '7')
            {
                return "argument couldn't be parsed as an octal number";
            }

            value = (value * 8) + digit - '0';
            if (value > permissionsMax)
            {
                return "argument must be between 0 and 777 inclusive";
            }
        }

        if (words[0].Length == 0)
        {
            return "argument couldn't be parsed as an octal number";
        }

        permissions = value;
        return null;
    }

    /// <summary>Refuses all numbers but one.</summary>
    public static string? OnlyNumber(string text, long number, string reason)
    {
        if (!ConfiguredNumber.TryParseInteger(text, out long value))
        {
            return Reason.integer;
        }

        return value == number ? null : reason;
    }

    /// <summary>Anything at all.</summary>
    public static string? Text(ReadOnlySpan<string> words, string current, out string text)
    {
        text = words[0];
        return null;
    }

    /// <summary>Refuses every whole number but 0.</summary>
    public static string? OnlyZeroCount(string text, string reason)
    {
        if (!ConfiguredNumber.TryParseInteger(text, out long number))
        {
            return Reason.integer;
        }

        return number is < 0 or > int.MaxValue ? Reason.between(0, int.MaxValue) : number == 0 ? null : reason;
    }

    /// <summary>Refuses yes with the reason, and what is neither yes nor no.</summary>
    public static string? OnlyNo(string text, string reason) => text.ToLowerInvariant() switch
    {
        "no" => null,
        "yes" => reason,
        _ => Reason.yesOrNo,
    };

    /// <summary>Refuses no with the reason, and what is neither yes nor no.</summary>
    public static string? OnlyYes(string text, string reason) => text.ToLowerInvariant() switch
    {
        "yes" => null,
        "no" => reason,
        _ => Reason.yesOrNo,
    };

    /// <summary>Refuses every word but one: those that Redis knows with the reason.</summary>
    public static string? OnlyWord(string text, string word, string[] known, string reason)
    {
        if (text.Equals(word, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return known.Contains(text, StringComparer.OrdinalIgnoreCase) ? reason : Reason.oneOf(known);
    }

    /// <summary>Refuses anything but nothing.</summary>
    public static string? OnlyNothing(string text, string reason) => text.Length == 0 ? null : reason;

    /// <summary>Three numbers between -2000 and 2000, as text.</summary>
    public static string? OomScores(ReadOnlySpan<string> words, string current, out string scores)
    {
        const int Count = 3;
        const int Most = 2000;
        scores = current;
        if (words.Length != Count)
        {
            return Reason.wrongCount;
        }

        foreach (string word in words)
        {
            if (!ConfiguredNumber.TryParseInteger(word, out long score) || score is < -Most or > Most)
            {
                return "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
            }
        }

        scores = string.Join(' ', words!);
        return null;
    }

    /// <summary>Refuses save points: well-formed ones with the reason.</summary>
    public static string? NoSavePoints(string text, string reason)
    {
        if (text.Length == 0)
        {
            return null;
        }

        string[] words = text.Split(' ');
        bool wellFormed = words.Length % 2 == 0;
        for (int i = 0; i < words.Length; i++)
        {
            // Seconds, then changes; as in Redis no digits are 0.
            long least = i % 2 == 0 ? 1 : 0;
            long value = 0;
            wellFormed &= (words[i].Length == 0 || ConfiguredNumber.TryParseInteger(words[i], out value)) && value >= least;
        }

        return wellFormed ? reason : Reason.save;
    }
}
