using System.Text;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Machine;
using Mode = TalosTailscale.Protos.Machine.ApplyConfigurationRequest.Types.Mode;

namespace TalosTailscale.Lab.Talos;

/// <summary>ApplyConfiguration on one node (siderolabs/talos internal/app/machined/internal/server/v1alpha1/v1alpha1_server.go).</summary>
internal static class LabConfigApply
{
    internal static ApplyConfiguration Run(LabNode node, ApplyConfigurationRequest request)
    {
        if (node.Minor >= 14 && request.Mode == Mode.Reboot)
            throw LabTarget.Failure(StatusCode.Unimplemented, "apply configuration with reboot is not supported");
        var text = Encoding.UTF8.GetString(request.Data.Span);
        var documents = Read(node, text);
        if (node.Faults.Has(LabFault.RejectsConfig))
            throw LabTarget.Failure(
                StatusCode.InvalidArgument,
                node.Faults.Value(LabFault.RejectsConfig)
                    ?? "configuration validation failed: 1 error occurred:\n\t* rejected by the lab\n\n"
            );

        var blocking =
            node.Minor >= 14 ? [] : LabConfigRules.NotImmediate(node.Config.Legacy, documents.First(d => d.IsLegacy));
        var (mode, details) = Decide(node, request, text, blocking);
        if (request.DryRun)
        {
            var diff = Diff(node.ActiveConfig.Text, text);
            details =
                diff.Length == 0
                    ? "Dry run summary:\n" + details + " (skipped in dry-run).\nNo changes."
                    : $"Dry run summary:\n{details} (skipped in dry-run).\nConfig diff:\n\n{diff}";
            return new ApplyConfiguration { Mode = mode, ModeDetails = details };
        }

        Carry(node, request, mode, text);
        var reply = new ApplyConfiguration { Mode = mode, ModeDetails = details };
        if (documents.First(d => d.IsLegacy).At("machine", "install", "extensions") is not null)
            reply.Warnings.Add(
                ".machine.install.extensions is deprecated, please see https://www.talos.dev/latest/talos-guides/install/boot-assets/"
            );
        return reply;
    }

    private static IReadOnlyList<LabConfigDocument> Read(LabNode node, string text)
    {
        try
        {
            return LabConfigReader.Read(text, node.Minor);
        }
        catch (LabConfigException e)
        {
            throw LabTarget.Failure(StatusCode.InvalidArgument, e.Message);
        }
    }

    // The mode really used: AUTO becomes NO_REBOOT where it can, and otherwise reboots by itself.
    private static (Mode Mode, string Details) Decide(
        LabNode node,
        ApplyConfigurationRequest request,
        string text,
        IReadOnlyList<string> blocking
    )
    {
        switch (request.Mode)
        {
            case Mode.Reboot:
                return (Mode.Reboot, "Applied configuration with a reboot");
            case Mode.Staged:
                return (Mode.Staged, "Staged configuration to be applied after the next reboot");
            case Mode.Auto when blocking.Count > 0:
                return (
                    Mode.Reboot,
                    $"Applied configuration with a reboot: this config change can't be applied in immediate mode\ndiff: {Diff(node.ActiveConfig.Text, text)}"
                );
            case Mode.NoReboot or Mode.Try when blocking.Count > 0:
                throw LabTarget.Failure(
                    StatusCode.InvalidArgument,
                    $"this config change can't be applied in immediate mode\ndiff:\n{Diff(node.ActiveConfig.Text, text)}"
                );
            case Mode.Try:
                return (
                    Mode.Try,
                    $"Applied configuration without a reboot. The config is applied in 'try' mode and will be automatically reverted back in {LabDuration.Go(TryTime(request))}"
                );
            default:
                return (
                    request.Mode == Mode.Auto ? Mode.NoReboot : request.Mode,
                    "Applied configuration without a reboot"
                );
        }
    }

    private static void Carry(LabNode node, ApplyConfigurationRequest request, Mode mode, string text)
    {
        switch (mode)
        {
            case Mode.Staged:
                node.Config.Stage(text);
                break;
            case Mode.Reboot:
                node.Config.Stage(text);
                node.Power.Reboot(powerCycle: false);
                break;
            case Mode.Try:
                node.Config.Try(text, TryTime(request));
                break;
            default:
                node.Config.Apply(text);
                break;
        }
    }

    private static TimeSpan TryTime(ApplyConfigurationRequest request) =>
        request.TryModeTimeout?.ToTimeSpan() is { Ticks: > 0 } given ? given : TimeSpan.FromMinutes(1);

    private static string Diff(string before, string after) => LabUnifiedDiff.Create(before, after);
}
