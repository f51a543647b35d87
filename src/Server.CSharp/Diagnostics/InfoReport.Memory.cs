using System.Text;
using RedisClone.Server.Configuration;

namespace RedisClone.Server.Diagnostics;

/// <summary>The sections Clients and Memory.</summary>
public sealed partial class InfoReport
{
    /// <summary>What memory is used for just now.</summary>
    public MemoryFigures Memory()
    {
        var used = _engine.Memory.UsedBytes;
        var heap = GC.GetGCMemoryInfo();
        _samples.NoteMemory(used);
        return new MemoryFigures
        {
            Used = used,
            Peak = _samples.MemoryPeakBytes,
            Startup = _engine.Memory.StartupBytes,
            Resident = Environment.WorkingSet,
            Committed = Math.Max(heap.TotalCommittedBytes, used),
            Clients = _engine.Memory.ClientBytes,
            Log = _engine.Memory.LogBytes,
            System = heap.TotalAvailableMemoryBytes,
            Keys = _engine.Keyspace.Databases.Sum(database => (long)database.Table.Count),
        };
    }

    private static string Human(long bytes) => bytes switch
    {
        < 1L << 10 => FormattableString.Invariant($"{bytes}B"),
        < 1L << 20 => FormattableString.Invariant($"{bytes / 1024.0:F2}K"),
        < 1L << 30 => FormattableString.Invariant($"{bytes / 1048576.0:F2}M"),
        _ => FormattableString.Invariant($"{bytes / 1073741824.0:F2}G"),
    };

    private void WriteClients(StringBuilder text)
    {
        long input = 0, output = 0, timed = 0;
        foreach (var session in _sessions.All)
        {
            input = Math.Max(input, session.Connection?.InputPendingBytes ?? 0);
            output = Math.Max(output, session.Connection?.OutputPendingBytes ?? 0);
            timed += session.Waiting is { Wait.Deadline: < long.MaxValue } ? 1 : 0;
        }

        Line(text, $"connected_clients:{_sessions.Count}");
        Line(text, $"cluster_connections:0");
        Line(text, $"maxclients:{_options.MaxClients}");
        Line(text, $"client_recent_max_input_buffer:{input}");
        Line(text, $"client_recent_max_output_buffer:{output}");
        Line(text, $"blocked_clients:{_engine.Waits.Count + _engine.Pause.Held}");
        Line(text, $"tracking_clients:{_engine.Tracking.Clients}");
        Line(text, $"pubsub_clients:{_engine.PubSub.Clients}");
        Line(text, $"clients_in_timeout_table:{timed}");
        Line(text, $"total_watched_keys:{_engine.Watches.Count}");
        Line(text, $"total_blocking_keys:{_engine.Waits.Keys}");
        Line(text, $"total_blocking_keys_on_nokey:0");
    }

    private void WriteMemory(StringBuilder text)
    {
        var memory = Memory();
        Line(text, $"used_memory:{memory.Used}");
        Line(text, $"used_memory_human:{Human(memory.Used)}");
        Line(text, $"used_memory_rss:{memory.Resident}");
        Line(text, $"used_memory_rss_human:{Human(memory.Resident)}");
        Line(text, $"used_memory_peak:{memory.Peak}");
        Line(text, $"used_memory_peak_human:{Human(memory.Peak)}");
        Line(text, $"used_memory_peak_perc:{memory.PeakPercentage:F2}%");
        Line(text, $"used_memory_overhead:{memory.Overhead}");
        Line(text, $"used_memory_startup:{memory.Startup}");
        Line(text, $"used_memory_dataset:{memory.Dataset}");
        Line(text, $"used_memory_dataset_perc:{memory.DatasetPercentage:F2}%");
        Line(text, $"allocator_allocated:{memory.Used}");
        Line(text, $"allocator_active:{memory.Committed}");
        Line(text, $"total_system_memory:{memory.System}");
        Line(text, $"total_system_memory_human:{Human(memory.System)}");
        Line(text, $"maxmemory:{_options.MaxMemoryBytes}");
        Line(text, $"maxmemory_human:{Human((long)Math.Min(_options.MaxMemoryBytes, long.MaxValue))}");
        Line(text, $"maxmemory_policy:{Settings.Find("maxmemory-policy")!.Format(_options)}");
        Line(text, $"allocator_frag_ratio:{(double)memory.Committed / Math.Max(1, memory.Used):F2}");
        Line(text, $"allocator_frag_bytes:{memory.Committed - memory.Used}");
        Line(text, $"mem_fragmentation_ratio:{memory.Fragmentation:F2}");
        Line(text, $"mem_fragmentation_bytes:{memory.Resident - memory.Used}");
        Line(text, $"mem_not_counted_for_evict:{memory.Log}");
        Line(text, $"mem_replication_backlog:0");
        Line(text, $"mem_total_replication_buffers:0");
        Line(text, $"mem_clients_slaves:0");
        Line(text, $"mem_clients_normal:{memory.Clients}");
        Line(text, $"mem_cluster_links:0");
        Line(text, $"mem_aof_buffer:{memory.Log}");
        Line(text, $"mem_allocator:dotnet-{Environment.Version}");
        Line(text, $"active_defrag_running:0");
        Line(text, $"lazyfree_pending_objects:0");
        Line(text, $"gc_collections:{GC.CollectionCount(0)},{GC.CollectionCount(1)},{GC.CollectionCount(2)}");
        Line(text, $"gc_pause_total_msec:{(long)GC.GetTotalPauseDuration().TotalMilliseconds}");
    }
}
