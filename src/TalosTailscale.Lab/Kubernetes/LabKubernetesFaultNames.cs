using System.Globalization;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>Makes the faults that have names, on whatever node, what they are in the cluster.</summary>
internal sealed class LabKubernetesFaultNames(LabKubernetesApi api)
{
    private const string HelperImage = "docker.io/library/debian:13-slim";
    private const long SomeBytes = 100_000;

    private readonly Dictionary<LabFault, string> _applied = [];
    private readonly Lock _applying = new();

    /// <summary>Looks at the nodes' faults again; what did not change there is left as it is.</summary>
    internal void Apply(IReadOnlyList<LabNode> nodes)
    {
        lock (_applying)
        {
            foreach (var (fault, apply) in Effects())
            {
                var node = nodes.FirstOrDefault(n => n.Faults.Has(fault));
                var value = node is null ? null : node.Faults.Value(fault) ?? "";
                if (value == _applied.GetValueOrDefault(fault))
                    continue;
                apply(value);
                if (value is null)
                    _applied.Remove(fault);
                else
                    _applied[fault] = value;
            }
        }
    }

    private IEnumerable<(LabFault Fault, Action<string?> Apply)> Effects() =>
        [
            (LabFault.EvictedPod, value => api.Faults.EvictAfterInput = value is null ? null : Bytes(value)),
            (LabFault.KilledShell, value => api.Faults.ExitCode = value is null ? null : 137),
            (LabFault.ReadOnlyEsp, value => api.Faults.EspReadOnly = value is not null),
            (LabFault.PodSecurity, value =>
                api.EnforcePodSecurity("kube-system", value is null ? "privileged" : "baseline")
            ),
            (LabFault.CutTransfer, value =>
                api.Faults.CutExec(value is null ? null : Bytes(value), times: value is null ? 0 : 1)
            ),
            (LabFault.UnpullableImage, SetUnpullable),
            (LabFault.MissingRight, SetForbidden),
        ];

    private void SetUnpullable(string? value)
    {
        api.Faults.UnpullableImages.Clear();
        if (value is not null)
            api.Faults.UnpullableImages[value.Length > 0 ? value : HelperImage] =
                "unauthorized: authentication required";
    }

    private void SetForbidden(string? value)
    {
        api.Faults.Forbidden.Clear();
        if (value is not null)
            api.Faults.Forbidden[value.Length > 0 ? value : "create pods/exec"] = true;
    }

    private static long Bytes(string value) =>
        value.Length == 0 ? SomeBytes : long.Parse(value, CultureInfo.InvariantCulture);
}
