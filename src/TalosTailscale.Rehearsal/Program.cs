using System.Runtime.InteropServices;
using System.Text;
using TalosTailscale.Rehearsal;

Console.OutputEncoding = Encoding.UTF8;

RehearsalOptions options;
try
{
    options = RehearsalOptions.Parse(args);
}
catch (ArgumentException exception)
{
    Console.Error.WriteLine(exception.Message);
    Console.Error.WriteLine(RehearsalOptions.Usage);
    return 2;
}

if (options.Help)
{
    Console.WriteLine(RehearsalOptions.Usage);
    return 0;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    // The lab and its pods are cleaned up before the process ends; a second Ctrl+C ends it at once.
    pressed.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
};
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});

try
{
    return await RehearsalRun.RunAsync(options, stop.Token);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (Exception exception) when (exception is FormatException or FileNotFoundException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}
