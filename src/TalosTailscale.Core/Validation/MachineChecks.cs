using System.Globalization;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Validation;

/// <summary>Checks of the machine: API, certificate, version, stage.</summary>
internal static class MachineChecks
{
    private static readonly TimeSpan s_certificateWarning = TimeSpan.FromDays(30);

    public static NodeCheck Api { get; } = new("Api", "the Talos API answers", false, async (probe, _) =>
        {
            try
            {
                var version = await probe.VersionAsync().ConfigureAwait(false);
                return CheckResult.Pass($"answers as {version.Tag} on {probe.Node.Address}");
            }
            catch (TsException e)
            {
                if (
                    e.Error.Category
                    is TsErrorCategory.AuthenticationError
                        or TsErrorCategory.PermissionDenied
                        or TsErrorCategory.SecurityError
                )
                    return CheckResult.Fail(Causes.ClientNotAccepted, e.Message);
                return await probe.MovedToAsync().ConfigureAwait(false) is { } address
                    ? CheckResult.Fail(
                        Causes.NodeAddressDrift,
                        $"{e.Message} The cluster knows '{probe.Node.KubernetesName}' at {address}."
                    )
                    : CheckResult.Fail(Causes.NodeNotAnswering, e.Message);
            }
        });

    public static NodeCheck Certificate { get; } =
        new("Certificate", "the client certificate lives for another 30 days", false, (probe, options) =>
        {
            if (probe.ClientCertificateEnds is not { } ends)
                return Task.FromResult(CheckResult.Skip("the talosconfig has no client certificate"));
            var left = ends - options.Clock.GetUtcNow();
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"valid until {ends:yyyy-MM-dd}, for {Math.Floor(left.TotalDays)} days"
            );
            return Task.FromResult(
                left < s_certificateWarning
                    ? CheckResult.Warn(Causes.ClientCertificateEnds, text)
                    : CheckResult.Pass(text)
            );
        });

    public static NodeCheck Version { get; } =
        new("Version", "version and architecture are the expected ones", false, async (probe, options) =>
        {
            var version = await probe.VersionAsync().ConfigureAwait(false);
            var text = $"Talos {version.Tag}, {version.Architecture.ToString().ToLowerInvariant()}";
            if (options.ExpectedVersion is { } expected && expected != version.Version)
                return CheckResult.Fail(Causes.VersionUnexpected, $"{text}; {expected} was expected");
            if (probe.Node.Architecture != TalosArchitecture.Unknown && version.Architecture != probe.Node.Architecture)
                return CheckResult.Fail(
                    Causes.ArchitectureUnexpected,
                    $"{text}; the inventory says {probe.Node.Architecture.ToString().ToLowerInvariant()}"
                );
            return KnownProblem.Of(version.Version).FirstOrDefault() is { } problem
                ? CheckResult.Warn(Causes.TalosKnownBroken, $"{text}; {problem}", problem.Fix)
                : CheckResult.Pass(text);
        });

    public static NodeCheck Stage { get; } = new("Stage", "the node has booted and is ready", false, async (probe, _) =>
        {
            var status = await probe.MachineStatusAsync().ConfigureAwait(false);
            if (status is { Stage: "running", Ready: true })
                return CheckResult.Pass("running and ready");
            var text =
                $"stage {status.Stage}, {(status.Ready ? "ready" : "not ready")}"
                + (status.UnmetConditions.Count == 0 ? "" : $": {string.Join("; ", status.UnmetConditions)}");
            if (BootChecks.Halts(await probe.KernelCommandLineAsync().ConfigureAwait(false)))
                return CheckResult.Fail(Causes.HaltIfInstalled, text);
            return ServiceChecks.WaitsForConfig(await probe.ServiceNowAsync().ConfigureAwait(false))
                ? CheckResult.Fail(Causes.ServiceConfigMissing, $"{text}; ext-tailscale waits for its config")
                : CheckResult.Fail(Causes.BootNotFinished, text);
        });
}
