namespace TalosTailscale.Lab.Kubernetes;

/// <summary>What the Kubernetes API must know of a machine of the lab; read again before every answer.</summary>
public interface ILabKubernetesNode
{
    /// <summary>The state now. A new boot id means that everything which ran on the node is gone.</summary>
    LabKubernetesNodeFacts Facts { get; }

    /// <summary>Takes the UKI out of a Talos installer image, as far as the machine's registries have it.</summary>
    /// <param name="image">The image's reference.</param>
    /// <param name="path">The file to write.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>False for any other image.</returns>
    Task<bool> SaveInstallerUkiAsync(string image, string path, CancellationToken cancellationToken) =>
        Task.FromResult(false);

    /// <summary>Why the machine cannot reach the registry of an image, in containerd's words; null when it can.</summary>
    /// <param name="image">The reference.</param>
    /// <returns>The words.</returns>
    string? PullProblem(string image) => null;

    /// <summary>Tells the machine of a command that ended in one of its pods.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="exitCode">The exit code.</param>
    void CommandEnded(IReadOnlyList<string> command, int exitCode) { }
}

/// <summary>A machine as its kubelet reports it.</summary>
public sealed record LabKubernetesNodeFacts
{
    /// <summary>Name of the Kubernetes node (<c>talos-192-168-1-203</c>).</summary>
    public required string Name { get; init; }

    /// <summary>True while the kubelet runs; else the node is NotReady and nothing starts or ends on it.</summary>
    public bool Ready { get; init; } = true;

    /// <summary>True for a control plane node.</summary>
    public bool ControlPlane { get; init; }

    /// <summary>Architecture as Go names it: <c>amd64</c> or <c>arm64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Internal addresses, separated by commas so that records compare by value.</summary>
    public required string Addresses { get; init; }

    /// <summary>The line of <c>kubectl get nodes -o wide</c>: <c>Talos (v1.12.4)</c>.</summary>
    public required string OsImage { get; init; }

    /// <summary>Kernel release.</summary>
    public string KernelVersion { get; init; } = "6.18.9-talos";

    /// <summary>Version of the kubelet.</summary>
    public string KubeletVersion { get; init; } = "v1.34.1";

    /// <summary>Changes with every boot.</summary>
    public string BootId { get; init; } = "00000000-0000-4000-8000-000000000001";

    /// <summary>Stays the same over boots.</summary>
    public string MachineId { get; init; } = "00000000000040008000000000000001";

    /// <summary>The UUID that the firmware gives; stays the same over boots.</summary>
    public string SystemUuid { get; init; } = "00000000-0000-4000-8000-000000000001";

    /// <summary>Device of the EFI system partition (<c>/dev/nvme0n1p1</c>).</summary>
    public string EspDevice { get; init; } = "/dev/nvme0n1p1";

    /// <summary>The folder that stands for the EFI system partition; null where there is none.</summary>
    public string? EspDirectory { get; init; }

    /// <summary>Size of the EFI system partition in bytes.</summary>
    public long EspCapacity { get; init; } = 2101L << 20;

    /// <summary>Bytes that can still be written to it; null for what its size leaves.</summary>
    public long? EspFree { get; init; }
}
