using RedisClone.Protocol;

namespace RedisClone.Server.Diagnostics;

/// <summary>How many errors were answered, by the code that each begins with. Needs the engine's gate.</summary>
public sealed class ErrorStatistics
{
    /// <summary>Codes that are told apart. Clients can make up codes of their own, and each takes room.</summary>
    public const int CodesMax = 128;

    /// <summary>The longest code that is kept.</summary>
    public const int CodeBytesMax = 64;

    private readonly List<(byte[] Code, long Count)> _codes = [];

    /// <summary>All errors, those included whose code is not kept.</summary>
    public long Total { get; private set; }

    /// <summary>The codes and how often each was sent, in the order of bytes.</summary>
    public IEnumerable<(string Code, long Count)> All =>
        _codes.Select(entry => (Bytes.toString(entry.Code), entry.Count)).OrderBy(entry => entry.Item1, StringComparer.Ordinal);

    /// <summary>Takes note of an error.</summary>
    /// <param name="error">Its text, from the code on.</param>
    public void Count(ReadOnlySpan<byte> error)
    {
        Total++;
        var end = error.IndexOfAny((byte)' ', (byte)'\r');
        var code = end < 0 ? error : error[..end];
        for (var i = 0; i < _codes.Count; i++)
        {
            if (code.SequenceEqual(_codes[i].Code))
            {
                _codes[i] = (_codes[i].Code, _codes[i].Count + 1);
                return;
            }
        }

        if (_codes.Count < CodesMax && code.Length is > 0 and <= CodeBytesMax)
        {
            _codes.Add((code.ToArray(), 1));
        }
    }

    public void Reset()
    {
        Total = 0;
        _codes.Clear();
    }
}
