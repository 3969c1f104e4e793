using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Rollout;

/// <summary>Asks haproxy itself whether a configuration is good, where it is installed.</summary>
internal static class HaproxyCheck
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Refuses a file that haproxy refuses while it takes the one that is there. What it refuses in both (a certificate
    /// that only the load balancer has) is no fault of the change.
    /// </summary>
    internal static async Task RunAsync(
        string path,
        string candidate,
        IReporter reporter,
        CancellationToken cancellation
    )
    {
        if (ExternalProgram.Find("haproxy") is not { } haproxy)
        {
            reporter.Verbose($"haproxy is not installed here; '{path}' is not checked.");
            return;
        }

        (bool good, string said) = await AskAsync(haproxy, candidate, cancellation).ConfigureAwait(false);
        if (good)
        {
            reporter.Verbose($"haproxy accepts '{path}' with the new address.");
            return;
        }

        (bool wasGood, _) = await AskAsync(haproxy, path, cancellation).ConfigureAwait(false);
        string words = said.Replace(candidate, Path.GetFileName(path), StringComparison.Ordinal);
        if (wasGood)
            throw AddressErrors.HaproxyConfigInvalid.New(
                $"haproxy refuses '{path}' with the new address: {words}",
                path
            );
        reporter.Warning($"haproxy refuses '{path}' on this machine, before the change as after it: {words}");
    }

    private static async Task<(bool Good, string Said)> AskAsync(
        string haproxy,
        string path,
        CancellationToken cancellation
    )
    {
        ExternalProgramResult result = await ExternalProgram
            .RunAsync(haproxy, ["-c", "-f", path], Path.GetDirectoryName(path), s_timeout, cancellation)
            .ConfigureAwait(false);
        string alerts = string.Join(
            ' ',
            result
                .Error.Split('\n', StringSplitOptions.TrimEntries)
                .Where(line => line.Contains("[ALERT]", StringComparison.Ordinal))
                .Take(3)
        );
        return (result is { ExitCode: 0, TimedOut: false }, alerts.Length > 0 ? alerts : result.Error.Trim());
    }
}
