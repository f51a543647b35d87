using System.Globalization;
using System.Text;
using RedisClone.Protocol;
using RedisClone.Server.Diagnostics;

namespace RedisClone.Server.Sessions;

/// <summary>MEMORY DOCTOR, MALLOC-STATS, PURGE and STATS: the memory of the whole server.</summary>
public sealed class MemoryVerbs(InfoReport info) : IHostVerbs
{
    /// <summary>With so little in use, ratios say nothing.</summary>
    private const long LittleBytes = 5L << 20;

    /// <summary>As many bytes for each client, beyond which clients are worth a word.</summary>
    private const long ManyClientBytes = 64L << 20;

    public IEnumerable<HostVerbEntry> Verbs(Dispatcher dispatcher) =>
    [
        new("memory|doctor", (_, _, reply) => reply.Verbatim("txt", Bytes.ofString(Report(info.Memory()))), CanRollBack: true),
        new("memory|malloc-stats", (_, _, reply) => reply.Verbatim("txt", Bytes.ofString(Heap())), CanRollBack: true),
        new("memory|purge", Purge, CanRollBack: true),
        new("memory|stats", Stats, CanRollBack: true),
    ];

    private static string Report(MemoryFigures memory)
    {
        if (memory.Dataset < LittleBytes)
        {
            return "There is next to no data, so there is nothing to say about memory.\n";
        }

        var findings = new List<string>();
        if (memory.Peak > 1.5 * memory.Used)
        {
            findings.Add("At its peak much more memory was in use than now; the process may keep it for a while. MEMORY PURGE gives it back.");
        }

        if (memory.Fragmentation > 2)
        {
            findings.Add("The process takes more than twice what its objects take: garbage that was not collected yet, or memory kept for later. MEMORY PURGE shows which.");
        }

        if (memory.Clients > ManyClientBytes)
        {
            findings.Add("Clients leave many replies unread or send very long commands; CLIENT LIST shows which (omem, qbuf), and client-output-buffer-limit keeps them within bounds.");
        }

        return findings.Count == 0 ? "Nothing about memory stands out.\n" : string.Join("\n", findings) + "\n";
    }

    /// <summary>What the garbage collector knows of its heap.</summary>
    private static string Heap()
    {
        var heap = GC.GetGCMemoryInfo();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"heap_size_bytes:{heap.HeapSizeBytes}\n");
        text.Append(CultureInfo.InvariantCulture, $"committed_bytes:{heap.TotalCommittedBytes}\n");
        text.Append(CultureInfo.InvariantCulture, $"fragmented_bytes:{heap.FragmentedBytes}\n");
        text.Append(CultureInfo.InvariantCulture, $"allocated_bytes_total:{GC.GetTotalAllocatedBytes()}\n");
        text.Append(CultureInfo.InvariantCulture, $"memory_load_bytes:{heap.MemoryLoadBytes}\n");
        text.Append(CultureInfo.InvariantCulture, $"high_memory_load_threshold_bytes:{heap.HighMemoryLoadThresholdBytes}\n");
        text.Append(CultureInfo.InvariantCulture, $"pause_time_percentage:{heap.PauseTimePercentage:F2}\n");
        string[] names = ["gen0", "gen1", "gen2", "large_objects", "pinned_objects"];
        var generations = heap.GenerationInfo;
        for (var i = 0; i < Math.Min(names.Length, generations.Length); i++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{names[i]}:size={generations[i].SizeAfterBytes},fragmentation={generations[i].FragmentationAfterBytes}\n");
        }

        return text.ToString();
    }

    private static void Purge(Session session, Arguments args, RespWriter reply)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        reply.Ok();
    }

    private void Stats(Session session, Arguments args, RespWriter reply)
    {
        var memory = info.Memory();
        var start = reply.Length;
        var count = 0;
        Whole("peak.allocated", memory.Peak);
        Whole("total.allocated", memory.Used);
        Whole("startup.allocated", memory.Startup);
        Whole("replication.backlog", 0);
        Whole("clients.slaves", 0);
        Whole("clients.normal", memory.Clients);
        Whole("cluster.links", 0);
        Whole("aof.buffer", memory.Log);
        Whole("overhead.total", memory.Overhead);
        Whole("keys.count", memory.Keys);
        Whole("keys.bytes-per-key", memory.Keys == 0 ? 0 : memory.Dataset / memory.Keys);
        Whole("dataset.bytes", memory.Dataset);
        Ratio("dataset.percentage", memory.DatasetPercentage);
        Ratio("peak.percentage", memory.PeakPercentage);
        Whole("allocator.allocated", memory.Used);
        Whole("allocator.active", memory.Committed);
        Ratio("allocator-fragmentation.ratio", (double)memory.Committed / Math.Max(1, memory.Used));
        Whole("allocator-fragmentation.bytes", memory.Committed - memory.Used);
        Ratio("fragmentation", memory.Fragmentation);
        Whole("fragmentation.bytes", memory.Resident - memory.Used);
        reply.InsertPairs(start, reply.Protocol >= 3 ? count : 2 * count);

        void Whole(string name, long value)
        {
            reply.BulkText(name);
            reply.Integer(value);
            count++;
        }

        void Ratio(string name, double value)
        {
            reply.BulkText(name);
            reply.Double(value);
            count++;
        }
    }
}
