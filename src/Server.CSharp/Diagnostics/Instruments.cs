using System.Diagnostics;
using System.Diagnostics.Metrics;
using RedisClone.Server.Network;
using RedisClone.Server.Sessions;

namespace RedisClone.Server.Diagnostics;

/// <summary>
/// What a process that hosts the server can listen to with the means of .NET: a <see cref="Meter"/> and an
/// <see cref="ActivitySource"/>, both called RedisClone. Without listeners they cost a comparison for each command.
/// </summary>
internal sealed class Instruments : IDisposable
{
    public const string Name = "RedisClone";

    private readonly Meter _meter = new(Name);
    private readonly ActivitySource _source = new(Name);
    private readonly Histogram<double> _durations;

    public Instruments(Engine.Engine engine, SessionTable sessions, Insight insight, Func<ITransport?> transport)
    {
        _durations = _meter.CreateHistogram<double>("redisclone.command.duration", "s", "How long commands took.");
        _meter.CreateObservableUpDownCounter("redisclone.connections", () => sessions.Count, "{connection}", "Clients connected.");
        _meter.CreateObservableCounter(
            "redisclone.connections.accepted", () => transport()?.Counters.Accepted ?? 0, "{connection}", "Connections accepted.");
        _meter.CreateObservableCounter(
            "redisclone.network.received", () => transport()?.Counters.BytesIn ?? 0, "By", "Bytes received.");
        _meter.CreateObservableCounter(
            "redisclone.network.sent", () => transport()?.Counters.BytesOut ?? 0, "By", "Bytes sent.");
        Count("redisclone.commands", "{command}", "Commands carried out.", () => engine.CommandsProcessed);
        Count("redisclone.errors", "{error}", "Errors answered.", () => insight.Errors.Total);
        Count("redisclone.keys.expired", "{key}", "Keys removed because they were due.", () => engine.Call.ExpiredKeys);
        Count("redisclone.keys.hits", "{key}", "Keys that were looked up and found.", () => engine.Call.Hits);
        Count("redisclone.keys.misses", "{key}", "Keys that were looked up and not found.", () => engine.Call.Misses);
        _meter.CreateObservableUpDownCounter(
            "redisclone.keys",
            () => Read(() => engine.Keyspace.Databases.Sum(database => (long)database.Table.Count)),
            "{key}",
            "Keys of all databases.");
        _meter.CreateObservableGauge(
            "redisclone.memory", () => GC.GetTotalMemory(forceFullCollection: false), "By", "Memory that objects take.");
        _meter.CreateObservableGauge(
            "redisclone.log.size", () => engine.Log?.Status.CurrentBytes ?? 0, "By", "Length of the log.");

        void Count(string name, string unit, string description, Func<long> read) =>
            _meter.CreateObservableCounter(name, () => Read(read), unit, description);

        long Read(Func<long> read)
        {
            lock (engine.Gate)
            {
                return read();
            }
        }
    }

    /// <summary>Whether somebody wants to know how long each command takes.</summary>
    public bool WantsDurations => _durations.Enabled;

    /// <summary>Takes note of a command that was carried out.</summary>
    public void Record(string command, TimeSpan duration) =>
        _durations.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("command", command));

    /// <summary>Tells who traces of something that took long and has just ended.</summary>
    public void Ended(string name, DateTimeOffset end, TimeSpan duration, string? problem = null)
    {
        if (_source.HasListeners())
        {
            using var activity = _source.StartActivity(
                name, ActivityKind.Internal, default(ActivityContext), startTime: end - duration);
            activity?.SetEndTime(end.UtcDateTime);
            if (problem is not null)
            {
                activity?.SetStatus(ActivityStatusCode.Error, problem);
            }
        }
    }

    public void Dispose()
    {
        _meter.Dispose();
        _source.Dispose();
    }
}
