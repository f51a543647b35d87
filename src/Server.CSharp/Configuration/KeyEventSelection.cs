using System.Text;

namespace RedisClone.Server.Configuration;

/// <summary>The classes that events of keys are selected by, in the order of their letters.</summary>
[Flags]
public enum KeyEventClasses
{
    None = 0,
    Generic = 1,
    String = 2,
    List = 4,
    Set = 8,
    Hash = 16,
    SortedSet = 32,
    Expired = 64,

    /// <summary>Keys that made room for others.</summary>
    Evicted = 128,
    Stream = 256,

    /// <summary>Events of modules; there are none.</summary>
    Module = 512,
    New = 1024,
    KeyMiss = 2048,

    /// <summary>What the letter A stands for.</summary>
    All = Generic | String | List | Set | Hash | SortedSet | Expired | Evicted | Stream | Module,
}

/// <summary>The setting notify-keyspace-events.</summary>
/// <param name="ByKey">Whether <c>__keyspace@db__:key</c> is told the name of the event.</param>
/// <param name="ByEvent">Whether <c>__keyevent@db__:event</c> is told the key.</param>
/// <param name="Classes">Which events; without a channel to tell, none is published.</param>
public sealed record KeyEventSelection(bool ByKey, bool ByEvent, KeyEventClasses Classes)
{
    private const string Letters = "g$lshzxetdn";

    public static KeyEventSelection None { get; } = new(false, false, KeyEventClasses.None);

    /// <summary>Whether anything is published at all.</summary>
    public bool IsOn => (ByKey || ByEvent) && Classes != KeyEventClasses.None;

    /// <summary>Reads letters in any order; null if one is unknown.</summary>
    public static KeyEventSelection? TryParse(string letters)
    {
        var read = None;
        foreach (var letter in letters)
        {
            var index = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (index < 0 && letter is not ('A' or 'K' or 'E' or 'm'))
            {
                return null;
            }

            read = letter switch
            {
                'A' => read with { Classes = read.Classes | KeyEventClasses.All },
                'K' => read with { ByKey = true },
                'E' => read with { ByEvent = true },
                'm' => read with { Classes = read.Classes | KeyEventClasses.KeyMiss },
                _ => read with { Classes = read.Classes | (KeyEventClasses)(1 << index) },
            };
        }

        return read;
    }

    /// <summary>The letters in the order of Redis.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if ((Classes & KeyEventClasses.All) == KeyEventClasses.All)
        {
            // Which hides n, in Redis too.
            text.Append('A');
        }
        else
        {
            for (var i = 0; i < Letters.Length; i++)
            {
                if ((Classes & (KeyEventClasses)(1 << i)) != 0)
                {
                    text.Append(Letters[i]);
                }
            }
        }

        text.Append(ByKey ? "K" : "").Append(ByEvent ? "E" : "");
        return text.Append((Classes & KeyEventClasses.KeyMiss) != 0 ? "m" : "").ToString();
    }
}
