using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Sessions;

/// <summary>
/// LOLWUT: a picture, and the version below it. It shows the generations of a row of cells, each of which lives if exactly
/// one of its two neighbours did, drawn two by four in the characters of Braille.
/// </summary>
public sealed class LolwutVerbs : IHostVerbs
{
    private const int ColumnsMax = 160;
    private const int RowsMax = 64;

    /// <summary>The bits of a Braille character, by row and column.</summary>
    private static readonly int[] Dots = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher) => [new("lolwut", Draw, CanRollBack: true)];

    private static void Draw(Session session, Arguments args, RespWriter reply)
    {
        long version = 0, columns = 64, rows = 16;
        var hasVersion = args.Count > 2 && Bytes.isWord("VERSION", args[1]);
        var first = hasVersion ? 3 : 1;
        if (hasVersion && !Numbers.tryParseInt64(args[2], out version))
        {
            reply.Error(Errors.notInteger);
            return;
        }

        var draws = !hasVersion || version is 5 or 6;
        if (draws && hasVersion)
        {
            if ((args.Count > first && !Numbers.tryParseInt64(args[first], out columns))
                || (args.Count > first + 1 && !Numbers.tryParseInt64(args[first + 1], out rows)))
            {
                reply.Error(Errors.notInteger);
                return;
            }
        }

        var picture = draws ? Picture((int)Math.Clamp(columns, 1, ColumnsMax), (int)Math.Clamp(rows, 1, RowsMax)) : "";
        reply.Verbatim("txt", Encoding.UTF8.GetBytes($"{picture}Redis ver. {ProductInfo.RedisVersion}\n"));
    }

    private static string Picture(int columns, int rows)
    {
        var width = 2 * columns;
        var cells = new bool[width];
        cells[width / 2] = true;
        var text = new StringBuilder();
        for (var row = 0; row < rows; row++)
        {
            var line = new int[columns];
            for (var y = 0; y < 4; y++)
            {
                for (var x = 0; x < width; x++)
                {
                    line[x / 2] |= cells[x] ? Dots[(2 * y) + (x % 2)] : 0;
                }

                var before = cells;
                cells = new bool[width];
                for (var x = 0; x < width; x++)
                {
                    cells[x] = (x > 0 && before[x - 1]) != (x + 1 < width && before[x + 1]);
                }
            }

            foreach (var dots in line)
            {
                text.Append((char)(0x2800 + dots));
            }

            text.Append('\n');
        }

        return text.Append('\n').ToString();
    }
}
