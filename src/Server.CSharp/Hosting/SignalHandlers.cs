using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace RedisClone.Server.Hosting;

/// <summary>
/// What signals do beyond stopping the server, which the host sees to: a second SIGINT (Ctrl+C) ends the program at once,
/// and SIGHUP, which would end it, is only noted, because the log file is opened anew for whatever is written to it.
/// </summary>
internal sealed class SignalHandlers : IDisposable
{
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _hangup;
    private int _interrupts;

    public SignalHandlers(ILogger logger)
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref _interrupts) > 1)
            {
                Environment.Exit(ExitStatus.Interrupted);
            }
        });
        _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            logger.LogInformation("SIGHUP: the log file is opened anew");
        });
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _hangup.Dispose();
    }
}
