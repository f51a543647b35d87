using System.Globalization;
using System.Text;

namespace RedisClone.Server.Diagnostics;

/// <summary>Writes metrics in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/</summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new(8192);

    /// <summary>Begins a metric, whose samples follow.</summary>
    public void Begin(string name, string type, string help) =>
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    /// <summary>A metric that has one sample.</summary>
    public void Gauge(string name, double value, string help)
    {
        Begin(name, "gauge", help);
        Sample(name, value);
    }

    /// <inheritdoc cref="Gauge"/>
    public void Counter(string name, double value, string help)
    {
        Begin(name, "counter", help);
        Sample(name, value);
    }

    /// <summary>A sample, with labels: names and values in turn.</summary>
    public void Sample(string name, double value, params ReadOnlySpan<string> labels)
    {
        _text.Append(name);
        for (var i = 0; i + 1 < labels.Length; i += 2)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i]).Append("=\"");
            Escape(labels[i + 1]);
            _text.Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    public override string ToString() => _text.ToString();

    private void Escape(string value)
    {
        foreach (var letter in value)
        {
            _text.Append(letter switch
            {
                '\\' => "\\\\",
                '"' => "\\\"",
                '\n' => "\\n",
                _ => letter.ToString(),
            });
        }
    }
}
