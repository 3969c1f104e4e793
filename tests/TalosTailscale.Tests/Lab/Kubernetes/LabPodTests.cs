using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Lab;
using TalosTailscale.Tests.Kubernetes;

namespace TalosTailscale.Tests.Lab.Kubernetes;

/// <summary>What a pod of the lab sees of its node.</summary>
public sealed class LabPodTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mount_shows_the_ESP_of_the_node_and_df_its_size()
    {
        await using var lab = await KubeLab.StartAsync();
        var esp = lab.Machines[1].Facts.EspDirectory!;
        await File.WriteAllTextAsync(Path.Combine(esp, "EFI", "Linux", "Talos-v1.12.4.efi"), "image", Token);
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        const string program = """
            set -eu
            dir=$(mktemp -d "${TMPDIR:-/tmp}/esp.XXXXXX")
            mount -t vfat -o rw,noatime /dev/nvme0n1p1 "$dir"
            cat "$dir/EFI/Linux/Talos-v1.12.4.efi"; echo
            echo new > "$dir/EFI/Linux/new"
            df -Pk "$dir" | tail -n 1 | cut -d' ' -f2,3
            umount "$dir"
            ls "$dir" | wc -l
            mount -t vfat /dev/sda9 "$dir" || echo "exit $?"
            """;
        var (code, output, errors) = await HelperPodTests.RunAsync(pod, ["sh", "-c", program], null);
        Assert.Equal("image\n2151424 8\n0\nexit 32\n", output);
        Assert.Contains("special device /dev/sda9 does not exist", errors, StringComparison.Ordinal);
        Assert.Equal(0, code);
        Assert.True(File.Exists(Path.Combine(esp, "EFI", "Linux", "new")));
    }

    [Fact]
    public async Task An_ESP_is_mounted_for_reading_or_for_writing_but_not_for_both()
    {
        await using var lab = await KubeLab.StartAsync();
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        const string program = """
            set -u
            one=$(mktemp -d "${TMPDIR:-/tmp}/esp.$$.XXXXXX") two=$(mktemp -d "${TMPDIR:-/tmp}/esp.$$.XXXXXX")
            for modes in 'rw ro' 'ro rw' 'ro ro' 'rw rw'; do
              mount -t vfat -o "${modes% *}" /dev/nvme0n1p1 "$one"
              mount -t vfat -o "${modes#* }" /dev/nvme0n1p1 "$two"
              echo "$modes $?"
              umount "$one"
              umount "$two" 2>/dev/null || mount -t vfat -o "${modes#* }" /dev/nvme0n1p1 "$two" && umount "$two" 2>/dev/null
            done
            killed=$(sh -c 'd=$(mktemp -d "${TMPDIR:-/tmp}/esp.$$.XXXXXX"); mount -o rw /dev/nvme0n1p1 "$d"; echo $d')
            mount -o ro /dev/nvme0n1p1 "$one" && umount "$one" && echo "nobody's"
            """;
        var (code, output, errors) = await HelperPodTests.RunAsync(pod, ["sh", "-c", program], null);
        Assert.Equal("rw ro 32\nro rw 32\nro ro 0\nrw rw 0\nnobody's\n", output);
        Assert.Contains("busy", errors, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_536)]
    public async Task A_full_ESP_fails_the_write_at_its_last_cluster(long free)
    {
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.EspFreeBytes = free;
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        const string program =
            "d=$(mktemp -d); mount /dev/nvme0n1p1 $d; head -c 100000 /dev/zero > $d/file || echo failed; stat -c %s $d/file; umount $d";
        var (code, output, _) = await HelperPodTests.RunAsync(pod, ["sh", "-c", program], null);
        Assert.Equal((0, $"failed\n{free}\n"), (code, output));
    }

    [Fact]
    public async Task A_read_only_ESP_takes_no_write()
    {
        Assert.SkipWhen(
            Environment.IsPrivilegedProcess && !File.Exists("/usr/bin/setpriv"),
            "setpriv is not installed, and root may write anything"
        );
        await using var lab = await KubeLab.StartAsync();
        lab.Api.Faults.EspReadOnly = true;
        using var connection = lab.Connect();
        await using var pod = await HelperPod.CreateAsync(connection, KubeLab.Spec(), Token);
        const string program =
            "d=$(mktemp -d); mount /dev/nvme0n1p1 $d; echo x > $d/EFI/Linux/file; echo $?; umount $d";
        var (_, output, errors) = await HelperPodTests.RunAsync(pod, ["sh", "-c", program], null);
        Assert.NotEqual("0\n", output);
        Assert.Contains("mounted read-only", errors, StringComparison.Ordinal);
        lab.Api.Faults.EspReadOnly = false;
        (_, output, _) = await HelperPodTests.RunAsync(pod, ["sh", "-c", program], null);
        Assert.Equal("0\n", output);
    }

    [Fact]
    public async Task The_cluster_shows_its_nodes_and_their_kubeconfig_works()
    {
        await using var cluster = await LabCluster.StartAsync(cancellationToken: Token);
        var files = cluster.WriteClientFiles();
        using var connection = KubernetesConnection.Open(files.Environment["KUBECONFIG"]);
        var node = await KubernetesNodes.FindByAddressAsync(connection, "192.168.1.203", Token);
        Assert.Equal(
            ("talos-192-168-1-203", true, TalosArchitecture.Arm64),
            (node.Name, node.Ready, node.Architecture)
        );
        Assert.Equal(cluster.Node("ampone").BootId.ToString(), node.BootId);
        await using var pod = await HelperPod.CreateAsync(
            connection,
            new HelperPodSpec { NodeName = node.Name, Image = KubeLab.Image },
            Token
        );
        var (code, output, _) = await HelperPodTests.RunAsync(
            pod,
            ["sh", "-c", "d=$(mktemp -d); mount /dev/nvme0n1p1 $d; ls $d/EFI/Linux; umount $d"],
            null
        );
        Assert.Equal(0, code);
        Assert.Contains("Talos-v1.12.4.efi", output, StringComparison.Ordinal);
    }
}
