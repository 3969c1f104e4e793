using System.Text;
using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Lab.Registry;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Boot;

/// <summary>Invoke-UkiSwap and Get-TalosEsp by the real engine, the Talos and Kubernetes APIs of a lab, and real pods.</summary>
public class UkiSwapLabTests
{
    [Fact]
    public async Task Swap_reboot_and_wait_on_two_nodes_then_the_same_again_changes_nothing()
    {
        await using LabSession lab = await StartAsync();
        string uki = Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");

        PowerShellResult first = lab.Invoke(
            "param($p) Invoke-UkiSwap ampone, altra -Path $p -Reboot -Wait -Timeout 00:00:20 -Confirm:$false",
            ("p", uki)
        );
        first.AssertNoErrors();
        IReadOnlyList<UkiSwapResult> results = first.OutputOf<UkiSwapResult>();
        Assert.Equal(["altra", "ampone"], results.Select(r => r.Node).Order());
        Assert.All(results, r => Assert.True(r.Changed && Passed(lab, r), string.Join("; ", r.Checks)));
        Assert.All(results, r => Assert.NotEqual(r.BootIdBefore, r.BootIdAfter));
        AssertNoPod(lab);

        var before = Contents(lab);
        PowerShellResult again = lab.Invoke(
            "param($p) Invoke-UkiSwap ampone, altra -Path $p -Reboot -Wait -Timeout 00:00:20 -Confirm:$false",
            ("p", uki)
        );
        again.AssertNoErrors();
        Assert.All(again.OutputOf<UkiSwapResult>(), r => Assert.False(r.Changed));
        Assert.All(again.OutputOf<UkiSwapResult>(), r => Assert.Null(r.BootIdAfter));
        Assert.Equal(before, Contents(lab));
        AssertNoPod(lab);
    }

    [Theory]
    [InlineData(LabUkiKind.Iso, TalosArchitecture.Arm64, "v1.12.4", "UkiHaltsIfInstalled")]
    [InlineData(LabUkiKind.Installed, TalosArchitecture.Amd64, "v1.12.4", "UkiArchitectureMismatch")]
    [InlineData(LabUkiKind.Installed, TalosArchitecture.Arm64, "v1.13.0", "UkiVersionMismatch")]
    public async Task A_wrong_image_is_refused_and_the_partition_keeps_its_bytes(
        LabUkiKind kind,
        TalosArchitecture architecture,
        string version,
        string errorId
    )
    {
        await using LabSession lab = await StartAsync();
        string uki = Write(
            lab,
            new LabUkiSpec
            {
                Kind = kind,
                Architecture = architecture,
                Version = version,
            },
            "wrong.efi"
        );
        var before = Contents(lab);

        PowerShellResult result = lab.Invoke(
            "param($p) Invoke-UkiSwap ampone -Path $p -Reboot -Wait -Timeout 00:00:20 -Confirm:$false",
            ("p", uki)
        );

        result.AssertError(errorId);
        Assert.Empty(result.Output);
        Assert.Equal(before, Contents(lab));
        AssertNoPod(lab);
    }

    [Theory]
    [InlineData("home.example.org", true)]
    [InlineData(null, false)]
    public async Task Whatever_members_are_called_a_second_control_plane_is_not_stopped(string? domain, bool discovery)
    {
        await using LabSession lab = await StartAsync(new LabOptions { Domain = domain, Discovery = discovery });
        string uki = Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");
        LabNode down = lab.Lab.Node("altra");
        down.Faults.Set(LabFault.NeverBoots);
        down.PowerCycle();
        await down.WhenAsync(node => !node.IsApiUp, TestContext.Current.CancellationToken);
        var before = Contents(lab);

        PowerShellResult result = lab.Invoke(
            "param($p) Invoke-UkiSwap ampone -Path $p -Reboot -Confirm:$false",
            ("p", uki)
        );

        result.AssertError("QuorumAtRisk");
        Assert.Equal(before, Contents(lab));
    }

    [Fact]
    public async Task A_full_partition_is_refused()
    {
        var options = new LabOptions();
        options.Faults.Add(new LabFaultSetting(LabFault.FullEsp));
        await using LabSession lab = await StartAsync(options);
        string uki = Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");
        var before = Contents(lab);

        lab.Invoke("param($p) Invoke-UkiSwap ampone -Path $p -Confirm:$false", ("p", uki)).AssertError("EspFull");

        Assert.Equal(before, Contents(lab));
        AssertNoPod(lab);
    }

    [Fact]
    public async Task WhatIf_gives_the_plan_and_changes_nothing()
    {
        await using LabSession lab = await StartAsync();
        string uki = Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");
        var before = Contents(lab);

        PowerShellResult result = lab.Invoke("param($p) Invoke-UkiSwap ampone -Path $p -Reboot -WhatIf", ("p", uki));

        UkiSwapPlan plan = result.Single<UkiSwapPlan>();
        Assert.True(plan.Allowed && plan.Changes, string.Join("; ", plan.Gates));
        Assert.Equal("Talos-v1.12.4.efi", plan.BootedEntry);
        Assert.Equal(before, Contents(lab));
        AssertNoPod(lab);
    }

    [Fact]
    public async Task Restore_goes_back_and_prune_leaves_one_backup()
    {
        await using LabSession lab = await StartAsync();
        string uki = Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");
        UkiSwapResult swap = lab.Invoke("param($p) Invoke-UkiSwap ampone -Path $p -Confirm:$false", ("p", uki))
            .Single<UkiSwapResult>();
        LabNode node = lab.Lab.Node("ampone");
        string linux = Path.Combine(node.EspDirectory, "EFI", "Linux");

        UkiSwapResult back = lab.Invoke("Restore-Uki ampone -Confirm:$false").Single<UkiSwapResult>();
        Assert.Equal((swap.NewSha256, swap.OldSha256), (back.OldSha256, back.NewSha256));
        Assert.Equal(
            swap.OldSha256,
            EspFolder.Hash(
                await File.ReadAllBytesAsync(
                    Path.Combine(linux, swap.BootedEntry),
                    TestContext.Current.CancellationToken
                )
            )
        );

        File.Copy(Path.Combine(linux, back.Backup!), Path.Combine(linux, swap.BootedEntry + ".bak.20200101T000000Z"));
        lab.Invoke("Invoke-UkiSwap ampone -Prune -Confirm:$false").AssertNoErrors();
        Assert.Equal(2, Directory.GetFiles(linux).Length);
        AssertNoPod(lab);
    }

    [Fact]
    public async Task Ctrl_C_while_staging_leaves_no_pod_and_the_partition_as_it_was()
    {
        await using LabSession lab = await StartAsync();
        string uki = Write(lab, new LabUkiSpec { Size = 60_000_000 }, "Talos-v1.12.4.efi");
        var before = Contents(lab);
        string linux = Path.Combine(lab.Lab.Node("ampone").EspDirectory, "EFI", "Linux");

        await lab.Session.InvokeAndStopAsync(
            "param($p) Invoke-UkiSwap ampone -Path $p -Confirm:$false",
            async () =>
            {
                while (Directory.GetFiles(linux, "*.new-*").Length == 0)
                    await Task.Delay(20, TestContext.Current.CancellationToken);
            },
            ("p", uki)
        );

        while (lab.Lab.Part<LabKubernetesPart>()!.Api.Pods.Any(p => p.Contains("esp", StringComparison.Ordinal)))
            await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(before, Contents(lab));
    }

    [Fact]
    public async Task A_path_that_is_wrong_is_the_only_error()
    {
        await using LabSession lab = await StartAsync();

        PowerShellResult result = lab.Invoke("Invoke-UkiSwap ampone -Path ./nothere.efi");

        result.AssertError("PathNotFound");
        Assert.Single(result.Errors);
    }

    [Fact]
    public async Task Get_TalosEsp_says_what_boots_now_and_next()
    {
        await using LabSession lab = await StartAsync();

        EspInfo esp = lab.Invoke("Get-TalosEsp ampone").Single<EspInfo>();

        Assert.Equal(
            ("ampone", "talos-v1.12.4.efi", "talos-v1.12.4.efi"),
            (esp.Node, esp.BootedEntry, esp.NextBoot.Entry!.Id)
        );
        EspFile entry = Assert.Single(esp.Files, f => f.Role == EspFileRole.Entry);
        Assert.True(entry.IsBooted && entry.BootsNext);
        Assert.Equal(("v1.12.4", TalosArchitecture.Arm64), (entry.Uki!.Version, entry.Uki.Architecture));
        Assert.Empty(esp.Findings);
        AssertNoPod(lab);
    }

    [Fact]
    public async Task What_the_gate_HaltFlag_is_for_an_installer_image_halts_the_node()
    {
        await using LabSession lab = await StartAsync();
        LabNode node = lab.Lab.Node("ampone");

        // No gate can be told to let it pass; somebody with a disk in his hands could put it there.
        await File.WriteAllBytesAsync(
            Path.Combine(node.EspDirectory, "EFI", "Linux", "Talos-v1.12.4.efi"),
            LabImages.Uki(new LabUkiSpec { Kind = LabUkiKind.Iso }),
            TestContext.Current.CancellationToken
        );

        EspInfo esp = lab.Invoke("Get-TalosEsp ampone").Single<EspInfo>();
        lab.Invoke("Restart-TalosNode ampone -Mode PowerCycle -Confirm:$false").AssertNoErrors();
        PowerShellResult wait = lab.Invoke("Wait-TalosNode ampone -Timeout 00:00:03");

        Assert.Contains(esp.Findings, f => f.Code == "InstallerUki");
        wait.AssertError("TalosWaitTimeout");
        Assert.Contains("talos.halt_if_installed=1", node.KernelCommandLine, StringComparison.Ordinal);
        Assert.NotEqual(LabStage.Running, node.Stage);
        AssertNoPod(lab);
    }

    [Fact]
    public async Task An_installer_image_is_pulled_by_the_node_and_next_to_nothing_passes_the_API_server()
    {
        await using LabSession lab = await StartAsync();
        lab.Lab.Part<LabRegistry>()!.InstallerUkiSize = 60_000_000;
        string image = lab.Invoke("Save-TalosImage -Node ampone -Kind Installer -Confirm:$false")
            .Single<TalosImage>()
            .InstallerImage!;
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        long before = api.TransferredBytes;

        PowerShellResult result = lab.Invoke(
            "param($i) Invoke-UkiSwap ampone -InstallerImage $i -SkipGate ResetProfile -Reboot -Wait -Timeout 00:00:20 -Confirm:$false",
            ("i", image)
        );

        UkiSwapResult swap = result.Single<UkiSwapResult>();
        Assert.True(swap.Changed && Passed(lab, swap), string.Join("; ", swap.Checks));
        Assert.Contains(lab.Lab.Node("ampone").Extensions, e => e.Name == "tailscale");
        long moved = api.TransferredBytes - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{moved} bytes through the API server");
        Assert.InRange(moved, 10_000, 1_000_000);
        AssertNoPod(lab);
    }

    internal static async Task<LabSession> StartAsync(LabOptions? options = null)
    {
        LabSession lab = await LabSession.StartAsync(options);
        TalosConfigContext context = TalosConfigFile.Load(lab.Client.Environment["TALOSCONFIG"]).Context();
        await using var client = TalosClient.Connect(context);
        foreach (LabNode node in lab.Lab.Nodes)
        {
            TalosNodeClient talos = client.Node(node.Address, node.Name);
            string text = (await talos.MachineConfigAsync(cancellation: TestContext.Current.CancellationToken)).Text;
            text +=
                "---\napiVersion: v1alpha1\nkind: ExtensionServiceConfig\nname: tailscale\nenvironment:\n  - TS_AUTHKEY="
                + $"{lab.Lab.Options.AuthKey}\n  - TS_HOSTNAME={node.Name}\n  - TS_ACCEPT_DNS=false\n  - TS_AUTH_ONCE=true\n";
            await talos.ApplyConfigurationAsync(
                Encoding.UTF8.GetBytes(text),
                TalosApplyMode.NoReboot,
                cancellation: TestContext.Current.CancellationToken
            );
        }

        return lab;
    }

    // Nobody logs in to a tailnet that the lab does not have.
    internal static bool Passed(LabSession lab, UkiSwapResult result) =>
        result.Checks.All(c =>
            c.Passed == true || (lab.Lab.Part<ILabTailnet>() is null && c.Name is "Service" or "Tailnet address")
        );

    internal static string Write(LabSession lab, LabUkiSpec spec, string name)
    {
        string path = Path.Combine(lab.Client.Folder, name);
        File.WriteAllBytes(path, LabImages.Uki(spec));
        return path;
    }

    internal static SortedDictionary<string, string> Contents(LabSession lab)
    {
        var contents = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (LabNode node in lab.Lab.Nodes)
        {
            foreach (string path in Directory.EnumerateFiles(node.EspDirectory, "*", SearchOption.AllDirectories))
                contents[node.Name + "/" + Path.GetRelativePath(node.EspDirectory, path)] = EspFolder.Hash(
                    File.ReadAllBytes(path)
                );
        }

        return contents;
    }

    // After a failure the deletion has been asked for, and the kubelet may still be at it.
    internal static void AssertNoPod(LabSession lab)
    {
        SpinWait.SpinUntil(
            () => lab.Pods.Count == 0 || TestContext.Current.CancellationToken.IsCancellationRequested,
            TimeSpan.FromSeconds(60)
        );
        Assert.Empty(lab.Pods);
    }
}
