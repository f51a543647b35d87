using System.Globalization;
using RedisClone.Server.Persistence;

namespace RedisClone.Server.Configuration;

/// <summary>Small files that are replaced as a whole: after a crash there is the old one or the new.</summary>
internal static class WholeFile
{
    /// <exception cref="IOException">It cannot be written; the old file is as it was.</exception>
    public static void Replace(string path, byte[] content)
    {
        string temporary = string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}.tmp");
        try
        {
            using (var file = new FileStream(temporary, OptionsFor(path)))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            new OsDisk().SyncDirectory(path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The new file may be read by those who might read the old one; a first one, by the owner.</summary>
    private static FileStreamOptions OptionsFor(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = File.Exists(path)
                ? File.GetUnixFileMode(path)
                : UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
