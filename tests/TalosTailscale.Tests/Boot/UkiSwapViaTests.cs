using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;
using static TalosTailscale.Tests.Boot.UkiSwapLabTests;

namespace TalosTailscale.Tests.Boot;

/// <summary>The two ways to a shell on a node, and where the UKI can come from by each.</summary>
public class UkiSwapViaTests
{
    private const string Newer = "v1.13.2";

    [Fact]
    public async Task By_way_of_Talos_everything_works_while_Kubernetes_is_down()
    {
        await using LabSession lab = await StartAsync(new LabOptions { TalosVersion = Newer });
        string uki = Write(lab, new LabUkiSpec { Version = Newer }, $"Talos-{Newer}.efi");
        Task down = lab.Lab.Part<LabKubernetesPart>()!.Api.RestartAsync(TimeSpan.FromMinutes(10));

        PowerShellResult swap = lab.Invoke(
            "param($p) Invoke-UkiSwap ampone -Path $p -Via Talos -SkipGate ControlPlane -Reboot -Wait -Timeout 00:00:30 -Confirm:$false",
            ("p", uki)
        );
        UkiSwapResult done = swap.Single<UkiSwapResult>();
        Assert.True(done.Changed && Passed(lab, done), string.Join("; ", done.Checks));
        EspInfo esp = lab.Invoke("Get-TalosEsp ampone -Via Talos").Single<EspInfo>();
        Assert.Equal(done.NewSha256, Assert.Single(esp.Files, f => f.IsBooted).Sha256);
        UkiSwapResult back = lab.Invoke("Restore-Uki ampone -Via Talos -Confirm:$false").Single<UkiSwapResult>();
        Assert.Equal(done.OldSha256, back.NewSha256);
        Assert.Empty(lab.Pods);
        Assert.False(down.IsCompleted);
    }

    [Fact]
    public async Task Auto_takes_the_way_of_Talos_where_no_pod_can_be_had_and_says_so()
    {
        await using LabSession lab = await StartAsync(new LabOptions { TalosVersion = Newer });
        lab.Lab.Part<LabKubernetesPart>()!.Api.EnforcePodSecurity("kube-system", "baseline");

        PowerShellResult result = lab.Invoke("Get-TalosEsp ampone");

        Assert.Equal($"talos-{Newer}.efi", result.Single<EspInfo>().BootedEntry);
        Assert.Contains(result.Warnings, w => w.Contains("PodSecurityRefused", StringComparison.Ordinal));
        lab.Invoke("Get-TalosEsp ampone -Via Kubernetes").AssertError("PodSecurityRefused");
    }

    [Fact]
    public async Task Before_Talos_1_13_there_is_no_other_way_than_a_pod()
    {
        await using LabSession lab = await StartAsync();
        lab.Invoke("Get-TalosEsp ampone -Via Talos").AssertError("DebugServiceMissing");
        lab.Lab.Part<LabKubernetesPart>()!.Api.EnforcePodSecurity("kube-system", "baseline");
        lab.Invoke("Get-TalosEsp ampone").AssertError("PodSecurityRefused");
    }

    [Theory]
    [InlineData("docker.io/library/debian:13-slim", "ImageWithoutFile", "No such file")]
    [InlineData("ghcr.io/siderolabs/installer:v1.12.4", "UkiWithoutTailscale", "extensions: ")]
    [InlineData(
        "registry.example.org/installer:v1.12.4",
        "PodImageUnavailable",
        "registry.example.org/installer:v1.12.4"
    )]
    public async Task An_image_that_does_not_do_is_refused_before_anything_is_written(
        string image,
        string errorId,
        string words
    )
    {
        await using LabSession lab = await StartAsync();
        var before = Contents(lab);

        PowerShellResult result = lab.Invoke(
            "param($i) Invoke-UkiSwap ampone -InstallerImage $i -Confirm:$false",
            ("i", image)
        );

        Assert.Contains(words, result.AssertError(errorId).Exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, Contents(lab));
        AssertNoPod(lab);
    }

    [Fact]
    public async Task An_installer_image_needs_a_pod()
    {
        await using LabSession lab = await StartAsync(new LabOptions { TalosVersion = Newer });
        lab.Invoke(
                "Invoke-UkiSwap ampone -InstallerImage ghcr.io/siderolabs/installer:v1.13.2 -Via Talos -Confirm:$false"
            )
            .AssertError("ShellCannotBorrow");
    }
}
