using System.Text;
using RedisClone.Server.Engine;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Diagnostics;

/// <summary>The section Persistence. There are no forks, so what Redis tells of them is always nothing.</summary>
public sealed partial class InfoReport
{
    private void WritePersistence(StringBuilder text)
    {
        Line(text, $"loading:{(_engine.Loading is null ? 0 : 1)}");
        Line(text, $"async_loading:0");
        Line(text, $"current_cow_peak:0");
        Line(text, $"current_cow_size:0");
        Line(text, $"current_cow_size_age:0");
        Line(text, $"current_fork_perc:0.00");
        Line(text, $"current_save_keys_processed:0");
        Line(text, $"current_save_keys_total:0");
        Line(text, $"rdb_changes_since_last_save:{_engine.Call.Changes}");
        Line(text, $"rdb_bgsave_in_progress:0");
        Line(text, $"rdb_last_save_time:{_engine.LastSave.ToUnixTimeSeconds()}");
        Line(text, $"rdb_last_bgsave_status:ok");
        Line(text, $"rdb_last_bgsave_time_sec:-1");
        Line(text, $"rdb_current_bgsave_time_sec:-1");
        Line(text, $"rdb_saves:0");
        Line(text, $"rdb_last_cow_size:0");
        Line(text, $"aof_enabled:{(_engine.Log is null ? 0 : 1)}");
        WriteRewrites(text, _engine.Log?.Status ?? default);
        Line(text, $"aof_last_cow_size:0");
        Line(text, $"module_fork_in_progress:0");
        Line(text, $"module_fork_last_cow_size:0");
        if (_engine.Log is { } log)
        {
            WriteLog(text, log.Status);
        }

        if (_engine.Loading is { } progress)
        {
            WriteLoading(text, progress);
        }
    }

    private void WriteLoading(StringBuilder text, LoadProgress progress)
    {
        var loaded = progress.LoadedBytes;
        var elapsedSeconds = (_clock.GetUtcNow() - progress.Started).TotalSeconds;
        var leftBytes = Math.Max(0, progress.TotalBytes - loaded);
        Line(text, $"loading_start_time:{progress.Started.ToUnixTimeSeconds()}");
        Line(text, $"loading_total_bytes:{progress.TotalBytes}");
        Line(text, $"loading_loaded_bytes:{loaded}");
        Line(text, $"loading_loaded_perc:{100.0 * loaded / Math.Max(progress.TotalBytes, 1):F2}");
        Line(text, $"loading_eta_seconds:{(long)(elapsedSeconds * leftBytes / Math.Max(loaded, 1))}");
    }

    private static void WriteRewrites(StringBuilder text, LogStatus log)
    {
        Line(text, $"aof_rewrite_in_progress:{(log.RewriteInProgress ? 1 : 0)}");
        Line(text, $"aof_rewrite_scheduled:0");
        Line(text, $"aof_last_rewrite_time_sec:{(long)(log.LastRewriteDuration?.TotalSeconds ?? -1)}");
        Line(text, $"aof_current_rewrite_time_sec:{(log.RewriteInProgress ? (long)log.CurrentRewriteDuration.TotalSeconds : -1)}");
        Line(text, $"aof_last_bgrewrite_status:{(log.LastRewriteError is null ? "ok" : "err")}");
        Line(text, $"aof_rewrites:{log.Rewrites}");
        Line(text, $"aof_last_write_status:{(log.Failure is null ? "ok" : "err")}");
    }

    private static void WriteLog(StringBuilder text, LogStatus log)
    {
        Line(text, $"aof_current_size:{log.CurrentBytes}");
        Line(text, $"aof_base_size:{log.BaseBytes}");
        Line(text, $"aof_buffer_length:{log.PendingBytes}");
        Line(text, $"aof_pending_bio_fsync:{(log.FsyncLag > TimeSpan.Zero ? 1 : 0)}");
        Line(text, $"aof_delayed_fsync:{log.DelayedWrites}");
        Line(text, $"aof_fsync_lag_msec:{(long)log.FsyncLag.TotalMilliseconds}");
        Line(text, $"aof_last_fsync_usec:{(long)log.LastFsyncDuration.TotalMicroseconds}");
    }
}
