using System.Globalization;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>Checks of the extension: in the image, configured, running, and what its log says.</summary>
internal static class ServiceChecks
{
    private const int MaximumEarlier = 3;
    private static readonly TimeSpan s_sample = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_recent = TimeSpan.FromMinutes(15);

    public static NodeCheck Extension { get; } =
        new("Extension", "the running image carries the extension", false, async (probe, options) =>
        {
            var extensions = await probe.ExtensionsAsync().ConfigureAwait(false);
            var tailscale = extensions.FirstOrDefault(extension => extension.Name == "tailscale");
            var schematic = extensions.FirstOrDefault(extension => extension.Name == "schematic")?.Version;
            if (tailscale is null)
                return CheckResult.Fail(
                    Causes.ExtensionMissing,
                    extensions.Count == 0
                        ? "the running image has no extension"
                        : $"the running image has {string.Join(", ", extensions.Select(extension => extension.Name))}"
                );
            var text =
                $"tailscale {tailscale.Version}"
                + (schematic is null ? ", schematic not recorded" : $", schematic {Short(schematic)}");
            return
                options.ExpectedSchematic is { } expected
                && !string.Equals(expected, schematic, StringComparison.OrdinalIgnoreCase)
                ? CheckResult.Fail(Causes.SchematicUnexpected, $"{text}; {Short(expected)} was expected")
                : CheckResult.Pass(text);
        });

    public static NodeCheck ServiceConfig { get; } =
        new(
            "ServiceConfig",
            "the config document is there, now and after a reboot, and its settings are good",
            false,
            async (probe, _) =>
            {
                var active = await probe.ServiceEnvironmentAsync(persistent: false).ConfigureAwait(false);
                var persistent = await PersistentAsync(probe).ConfigureAwait(false);
                if (active is null)
                    return CheckResult.Fail(
                        Causes.ServiceConfigMissing,
                        persistent.Known && persistent.Value is not null
                            ? "only the config on disk has ExtensionServiceConfig/tailscale"
                            : "the machine config has no ExtensionServiceConfig/tailscale"
                    );
                AuthKey? key;
                try
                {
                    key = AuthKey.OfEnvironment(active);
                }
                catch (TsException e)
                {
                    return CheckResult.Fail(Causes.ServiceConfigInvalid, e.Message, e.RecommendedAction);
                }

                var findings = ContainerbootRules.Check(active, key);
                if (findings.FirstOrDefault(finding => finding.IsError) is { } error)
                    return CheckResult.Fail(Causes.ServiceConfigInvalid, error.Message, error.Fix);
                if (persistent.Known && persistent.Value is null)
                    return CheckResult.Fail(
                        Causes.ServiceConfigNotPersistent,
                        "the config on disk has no ExtensionServiceConfig/tailscale"
                    );
                if (persistent.Known && !persistent.Value!.SequenceEqual(active))
                    return CheckResult.Warn(
                        Causes.ServiceConfigNotPersistent,
                        "the config on disk has another ExtensionServiceConfig/tailscale"
                    );
                if (findings.Count > 0)
                    return CheckResult.Warn(
                        findings[0].Code == "AcceptDnsOn"
                            ? Causes.AcceptDnsOnReadOnlyRoot
                            : Causes.ServiceConfigInvalid,
                        string.Join(" ", findings.Select(finding => finding.Message)),
                        findings[0].Fix
                    );
                return CheckResult.Pass(
                    $"{active.Count} settings, {(persistent.Known ? "active and on disk" : "active")}"
                );
            }
        );

    public static NodeCheck Service { get; } =
        new("Service", "ext-tailscale runs and keeps running", false, async (probe, options) =>
        {
            var service = await SettledAsync(probe, options).ConfigureAwait(false);
            if (service is null)
                return CheckResult.Fail(
                    await HasExtensionAsync(probe).ConfigureAwait(false)
                        ? Causes.ServiceNotRunning
                        : Causes.ExtensionMissing,
                    "the node has no service ext-tailscale"
                );
            if (WaitsForConfig(service))
                return CheckResult.Fail(
                    Causes.ServiceConfigMissing,
                    $"{service.State}: waiting for extension service config"
                );
            var since = service.Events.Count == 0 ? null : service.Events[^1].Time;
            var failures = service.Events.Count(one => Failed(one) && Recent(one, options));
            var text =
                service.State
                + (since is { } time ? string.Create(CultureInfo.InvariantCulture, $" since {time:HH:mm:ss} UTC") : "");
            if (failures > 0)
            {
                // A minute may pass between two failures: while it runs, its log tells whether this start succeeded.
                var log = await probe.LogAsync().ConfigureAwait(false);
                if (service.State != "Running" || log.State is TsDiagnosisState.Failing or TsDiagnosisState.Unknown)
                    return CheckResult.Fail(
                        Causes.ServiceFlapping,
                        $"{text}, failed {failures} times in the last 15 minutes: {LastMessage(service)}"
                    );
                text += $", failed {failures} times before";
            }

            return service.State == "Running"
                ? CheckResult.Pass(text)
                : CheckResult.Fail(Causes.ServiceNotRunning, $"{text}: {LastMessage(service)}");
        });

    public static NodeCheck Log { get; } =
        new("Log", "the log of ext-tailscale names no failure", false, async (probe, _) =>
        {
            TsDiagnosis log;
            try
            {
                log = await probe.LogAsync().ConfigureAwait(false);
            }
            catch (TsException e) when (e.Error == TalosErrors.TalosServiceNotFound)
            {
                return CheckResult.Skip("there is no log of ext-tailscale");
            }
            catch (TsException e) when (e.Error == TalosErrors.TalosServiceNotStarted)
            {
                return CheckResult.Skip(e.Message);
            }

            var unknown = log.UnknownLines == 0 ? "" : $"; {log.UnknownLines} of {log.Lines} lines are not known";
            var cause = log.Cause is null ? null : Causes.Find(log.Cause);
            return (log.State, cause) switch
            {
                (TsDiagnosisState.Healthy, not null) => CheckResult.Pass(
                    $"the last start led into the tailnet; {log.Findings[0].Example}"
                ),
                (TsDiagnosisState.Recovered, _) => CheckResult.Pass(
                    $"the last start led into the tailnet; earlier {string.Join("; ", Earlier(log))}{unknown}"
                ),
                (TsDiagnosisState.Healthy, _) => CheckResult.Pass("the last start led into the tailnet" + unknown),
                (TsDiagnosisState.Troubled, not null) => CheckResult.Warn(cause, Telling(log), log.Fix),
                (TsDiagnosisState.Failing, not null) => CheckResult.Fail(cause, Telling(log), log.Fix),
                _ when log.Lines == 0 => CheckResult.Skip("there is no log of ext-tailscale"),
                _ => CheckResult.Pass($"{log.Lines} lines and no failure among them" + unknown),
            };
        });

    // The latest few: a log of weeks may have many.
    private static IEnumerable<string> Earlier(TsDiagnosis log) =>
        log.Findings.Where(finding => finding.Over).TakeLast(MaximumEarlier).Select(LogDiagnosis.Telling);

    // Of a failure without a reason the lines that nobody knows may say it.
    private static string Telling(TsDiagnosis log) =>
        log.Evidence.Count == 0 || log.Evidence.Contains(log.Findings[0].Example)
            ? log.Findings[0].Example
            : $"{log.Findings[0].Example}; not known: {log.Evidence[^1]}";

    /// <summary>
    /// Whether the service waits for its ExtensionServiceConfig, which also holds up boot (siderolabs/talos#12764).
    /// </summary>
    public static bool WaitsForConfig(TalosService? service) =>
        service is { State: "Waiting" }
        && LastMessage(service).Contains("extension service config", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether there is anything to wait for: without its document the extension never comes to run.</summary>
    public static async Task<bool> MayBeConfiguredAsync(INodeProbe probe)
    {
        try
        {
            return await probe.ServiceEnvironmentAsync(persistent: false).ConfigureAwait(false) is not null;
        }
        catch (TsException)
        {
            // Who may not read the configuration waits as if it were there; the check 'ServiceConfig' tells.
            return true;
        }
    }

    private static async Task<TalosService?> SettledAsync(INodeProbe probe, NodeValidationOptions options)
    {
        var service = await probe.ServiceNowAsync().ConfigureAwait(false);
        if (IsOnItsWay(service, options) && !await MayBeConfiguredAsync(probe).ConfigureAwait(false))
            return service;
        for (
            var waited = TimeSpan.Zero;
            waited < options.SettleTime && IsOnItsWay(service, options);
            waited += s_sample
        )
        {
            await probe.PauseAsync(s_sample).ConfigureAwait(false);
            service = await probe.ServiceNowAsync().ConfigureAwait(false);
        }

        return service;
    }

    private static bool IsOnItsWay(TalosService? service, NodeValidationOptions options) =>
        service is { State: "Initialized" or "Starting" or "Preparing" or "Waiting" or "Stopping" }
        && !WaitsForConfig(service)
        && !service.Events.Any(one => Failed(one) && Recent(one, options));

    private static bool Failed(TalosServiceEvent one) =>
        one.Message.StartsWith("Error running", StringComparison.Ordinal)
        || one.Message.Contains("going to restart forever", StringComparison.Ordinal);

    private static bool Recent(TalosServiceEvent one, NodeValidationOptions options) =>
        one.Time is not { } time || options.Clock.GetUtcNow() - time < s_recent;

    private static string LastMessage(TalosService service) =>
        service.Events.Count == 0 ? "" : service.Events[^1].Message;

    private static async Task<bool> HasExtensionAsync(INodeProbe probe) =>
        (await probe.ExtensionsAsync().ConfigureAwait(false)).Any(extension => extension.Name == "tailscale");

    // Talos before 1.10 has no resource for the config on disk.
    private static async Task<(bool Known, IReadOnlyList<string>? Value)> PersistentAsync(INodeProbe probe)
    {
        try
        {
            return (true, await probe.ServiceEnvironmentAsync(persistent: true).ConfigureAwait(false));
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosNotFound)
        {
            return (false, null);
        }
    }

    // Any form is taken: what a key is worth the tailnet says, and the log tells. An API token is worth nothing anywhere.
    private static string Short(string schematic) => schematic.Length > 12 ? schematic[..12] + "…" : schematic;
}
