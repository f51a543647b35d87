using System.Text;

namespace RedisClone.Bench.Report;

/// <summary>A Markdown table: the first columns are words, the others figures.</summary>
internal sealed class Table(int wordColumns, params string[] header)
{
    private readonly List<string[]> _rows = [];

    public void Row(params string[] cells) => _rows.Add(cells);

    public override string ToString()
    {
        var text = new StringBuilder();
        Line(header);
        Line(header.Select((_, column) => column < wordColumns ? "---" : "---:"));
        foreach (var row in _rows)
        {
            Line(row);
        }

        return text.ToString();

        void Line(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }
}
