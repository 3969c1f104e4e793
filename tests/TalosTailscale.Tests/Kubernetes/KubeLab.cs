using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Lab.Kubernetes;

namespace TalosTailscale.Tests.Kubernetes;

/// <summary>A Kubernetes API with machines that a test can change, and a folder of its own.</summary>
internal sealed class KubeLab : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;

    private KubeLab(LabKubernetesApi api, DirectoryInfo folder, Machine[] machines)
    {
        Api = api;
        _folder = folder;
        Machines = machines;
        Kubeconfig = Path.Combine(folder.FullName, "kubeconfig");
        File.WriteAllText(Kubeconfig, api.AdminKubeconfig);
    }

    internal const string Node = "talos-192-168-1-203";
    internal const string Image = "docker.io/library/debian:13-slim";

    internal LabKubernetesApi Api { get; }

    internal Machine[] Machines { get; }

    internal string Kubeconfig { get; }

    internal string Folder => _folder.FullName;

    internal static async Task<KubeLab> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("kube-lab-");
        Machine[] machines =
        [
            new("talos-192-168-1-194", "192.168.1.194", "amd64", folder),
            new(Node, "192.168.1.203", "arm64", folder),
            new("talos-192-168-1-85", "192.168.1.85", "arm64", folder),
        ];
        var api = await LabKubernetesApi.StartAsync(
            machines,
            Path.Combine(folder.FullName, "pods"),
            TestContext.Current.CancellationToken
        );
        return new KubeLab(api, folder, machines);
    }

    /// <summary>For shells where there is no Talos to compare the machine with.</summary>
    internal static Task AnyMachine(INodeShell shell, bool forWriting, CancellationToken stop) => Task.CompletedTask;

    internal KubernetesConnection Connect() => KubernetesConnection.Open(Kubeconfig);

    internal static HelperPodSpec Spec(string image = Image) =>
        new()
        {
            NodeName = Node,
            Image = image,
            ReadyTimeout = TimeSpan.FromSeconds(30),
        };

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    internal sealed class Machine(string name, string address, string architecture, DirectoryInfo folder)
        : ILabKubernetesNode
    {
        /// <summary>What an installer image has; null where there is none.</summary>
        public byte[]? InstallerUki { get; set; }

        public LabKubernetesNodeFacts Facts { get; set; } =
            new()
            {
                Name = name,
                Addresses = address,
                Architecture = architecture,
                ControlPlane = true,
                OsImage = "Talos (v1.12.4)",
                EspDirectory = folder
                    .CreateSubdirectory(Path.Combine("esp-" + name, "EFI", "Linux"))
                    .Parent!.Parent!.FullName,
            };

        public async Task<bool> SaveInstallerUkiAsync(string image, string path, CancellationToken cancellationToken)
        {
            if (InstallerUki is not { } uki || !image.Contains("installer", StringComparison.Ordinal))
                return false;
            await File.WriteAllBytesAsync(path, uki, cancellationToken);
            return true;
        }
    }
}
