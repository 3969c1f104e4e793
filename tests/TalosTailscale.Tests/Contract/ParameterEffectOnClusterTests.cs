using System.Text.Json.Nodes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab;
using TalosTailscale.Lab.Images;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Boot;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Terminal;

namespace TalosTailscale.Tests.Contract;

/// <summary>What parameters of the cmdlets that go to nodes and clusters do, where no other test uses them.</summary>
public sealed class ParameterEffectOnClusterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task The_way_to_the_cluster_is_the_one_that_was_given()
    {
        await using LabSession lab = await LabSession.StartAsync();

        lab.Invoke("Get-TalosService ryzen -Context nosuch").AssertError("TalosContextNotFound");
        lab.Invoke("Install-TsNode ryzen -WhatIf -Context nosuch").AssertError("TalosContextNotFound");
        lab.Invoke("Install-TsNode ryzen -WhatIf -Endpoint 127.0.0.1:1").AssertError("TalosConnectionRefused");
        lab.Invoke("Install-TsNode ryzen -WhatIf -KubeContext nosuch").AssertError("KubeconfigContextNotFound");
        lab.Invoke("Install-TsNode ryzen -WhatIf -SkipGate HaltFlag").AssertError("GateNotSkippable");
        lab.Invoke("Update-TalosNodeAddress ryzen -Repair KubernetesNode -KubeContext nosuch")
            .AssertError("KubeconfigContextNotFound");
        TsCheck check = lab.Invoke("Test-TsCluster ryzen -Check KubernetesNode -KubeContext nosuch").Single<TsCheck>();
        Assert.Contains("nosuch", check.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_shell_has_the_image_and_the_device_that_were_given()
    {
        await using LabSession lab = await LabSession.StartAsync();
        const string image = "registry.example.org/tools:1";

        Assert.Contains(
            image,
            lab.Invoke($"Get-TalosEsp ampone -Image {image}").AssertError("PodImageUnavailable").Exception.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "/dev/nosuch",
            Assert.Single(lab.Invoke("Get-TalosEsp ampone -EspDevice /dev/nosuch").Errors).Exception.Message,
            StringComparison.Ordinal
        );
        PowerShellResult rollout = lab.Invoke(
            $"param($k, $s) Install-TsNode ampone -AuthKeyReference $k -StateFolder $s -SkipDrain -Image {image} -Confirm:$false",
            ("k", lab.KeyReference),
            ("s", _folder["state"])
        );
        Assert.Contains(rollout.Errors, e => e.Exception.Message.Contains(image, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Checks_expect_what_they_are_told_to_expect()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode ryzen = lab.Lab.Node("ryzen");
        ryzen.Extensions = [new("9", "tailscale", "1.96.0"), new("8", "schematic", new('a', 64))];

        TsCheck[] checks =
        [
            .. lab.Invoke(
                    "param($b) Test-TsNode ryzen -Check Version, Extension -Version 9.9.9 -Schematic $b",
                    ("b", new string('b', 64))
                )
                .OutputOf<TsCheck>(),
        ];
        Assert.All(checks, c => Assert.Equal(TsCheckStatus.Fail, c.Status));
        Assert.Equal(["VersionUnexpected", "SchematicUnexpected"], checks.Select(c => c.Cause));
        Assert.Equal(
            TsCheckStatus.Pass,
            lab.Invoke("param($a) Test-TsNode ryzen -Check Extension -Schematic $a", ("a", new string('a', 64)))
                .Single<TsCheck>()
                .Status
        );
    }

    [Fact]
    public async Task A_pod_pulls_in_the_namespace_and_the_time_that_were_given()
    {
        await using LabSession lab = await LabSession.StartAsync();

        TsCheck elsewhere = lab.Invoke(
                "Test-TsCluster ryzen -Check PodPull -RegistryImage docker.io/library/busybox:1.37 -PodNamespace nosuch"
            )
            .Single<TsCheck>();
        Assert.Contains("nosuch", elsewhere.Evidence, StringComparison.Ordinal);
        lab.Lab.Part<LabKubernetesPart>()!.Api.Faults.SandboxProblem = "no network";
        TsCheck late = lab.Invoke(
                "Test-TsCluster ryzen -Check PodPull -RegistryImage docker.io/library/busybox:1.37 -PullTimeout 0:0:1"
            )
            .Single<TsCheck>();
        Assert.Equal(TsCheckStatus.Fail, late.Status);
        Assert.Contains("1 s", late.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_go_where_they_are_to_go_and_by_which_proxy()
    {
        using var proxy = new HostileHttp("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n");
        await using LabSession lab = await LabSession.StartAsync();
        const string image = "docker.io/library/busybox:1.37";

        Assert.True(lab.Invoke($"Save-TalosContainerImage ryzen {image}").Single<TalosImagePull>().Pulled);
        Assert.True(
            lab.Invoke($"Save-TalosContainerImage ryzen {image} -ImageNamespace System").Single<TalosImagePull>().Pulled
        );
        lab.Invoke(
                "param($p, $d) Save-TalosImage -Version v1.12.4 -Architecture Amd64 -Extension siderolabs/tailscale -FactoryUri http://127.0.0.1:9/ -Proxy $p -Destination $d",
                ("p", new Uri(proxy.Address)),
                ("d", _folder.Path)
            )
            .AssertError("FactoryAccessDenied");
    }

    [Fact]
    public async Task A_swap_leaves_duplicates_and_takes_the_backup_that_were_named()
    {
        await using LabSession lab = await UkiSwapLabTests.StartAsync();
        string uki = UkiSwapLabTests.Write(lab, new LabUkiSpec(), "Talos-v1.12.4.efi");
        string linux = Path.Combine(lab.Lab.Node("ampone").EspDirectory, "EFI", "Linux");
        File.Copy(Path.Combine(linux, "Talos-v1.12.4.efi"), Path.Combine(linux, "Talos-v1.12.4~1.efi"));

        UkiSwapPlan cleaned = lab.Invoke("param($p) Invoke-UkiSwap ampone $p -WhatIf", ("p", uki))
            .Single<UkiSwapPlan>();
        UkiSwapPlan kept = lab.Invoke("param($p) Invoke-UkiSwap ampone $p -KeepDuplicates -WhatIf", ("p", uki))
            .Single<UkiSwapPlan>();
        Assert.Equal(["Talos-v1.12.4~1.efi"], cleaned.DisabledEntries.Keys);
        Assert.Empty(kept.DisabledEntries);

        UkiSwapResult swap = lab.Invoke("param($p) Invoke-UkiSwap ampone $p -Confirm:$false", ("p", uki))
            .Single<UkiSwapResult>();
        const string named = "Talos-v1.12.4.efi.bak.20200101T000000Z";
        File.Copy(Path.Combine(linux, swap.BootedEntry), Path.Combine(linux, named));
        UkiSwapPlan newest = lab.Invoke("Restore-Uki ampone -WhatIf").Single<UkiSwapPlan>();
        UkiSwapPlan older = lab.Invoke($"Restore-Uki ampone -Backup {named} -WhatIf").Single<UkiSwapPlan>();
        Assert.Equal((true, swap.OldSha256), (newest.Changes, newest.NewSha256));
        Assert.Equal((false, swap.NewSha256), (older.Changes, older.NewSha256));
    }

    [Theory]
    [InlineData("v1.12.4", "v1.12.9")]
    [InlineData("v1.13.4", "v1.13.9")] // where LifecycleService would install at once
    public async Task An_upgrade_takes_an_extension_away_and_is_staged_when_it_is_told_to(string from, string to)
    {
        await using LabSession lab = await LabSession.StartAsync(new LabOptions { TalosVersion = from });
        LabNode node = lab.Lab.Node("ampone");
        node.Extensions = [.. node.Extensions, new("9", "iscsi-tools", "v0.2.0")];
        bool staged = false;
        node.Changed += (_, _) =>
            staged |= node.Events.Kept.Any(e =>
                e.Payload.ToString()!.Contains("\"stageUpgrade\"", StringComparison.Ordinal)
            );

        lab.Invoke($"Update-TalosNode ampone ghcr.io/siderolabs/installer:{to} -Stage -Confirm:$false")
            .AssertError("InstallerLosesExtension");
        lab.Invoke(
                $"Update-TalosNode ampone ghcr.io/siderolabs/installer:{to} -Stage -AllowExtensionLoss -Wait -Confirm:$false"
            )
            .AssertNoErrors();

        Assert.True(staged);
    }

    [Fact]
    public async Task A_rollout_drains_patches_and_checks_as_it_was_told()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabNode ryzen = lab.Lab.Node("ryzen");
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        api.Store.Create(
            KubeResource.Budgets,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = "default" },
                ["spec"] = new JsonObject
                {
                    ["minAvailable"] = 1,
                    ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "web" } },
                },
            }
        );
        api.Kubelet.Adopt(api.Store.Create(KubeResource.Pods, Pod(ryzen.Nodename)));
        await ryzen.WhenAsync(_ => api.Pods.Count > 0, TestContext.Current.CancellationToken);
        (string, object?)[] values = [("k", lab.KeyReference), ("s", _folder["state"])];

        PowerShellResult held = lab.Invoke(
            "param($k, $s) Install-TsNode ryzen -AuthKeyReference $k -StateFolder $s -DrainTimeout 0:0:1 -Confirm:$false",
            values
        );
        Assert.Contains("within 1 s", held.AssertError("DrainBlocked").Exception.Message, StringComparison.Ordinal);

        // A registry that is not there fails the one check that is made for it.
        PowerShellResult done = lab.Invoke(
            "param($k, $s) Install-TsNode ryzen -AuthKeyReference $k -StateFolder $s -SkipDrain -Patch 'machine: {sysctls: {vm.swappiness: \"7\"}}' -SkipCheck RegistryName -RegistryImage registry.example.org/x:1 -Confirm:$false",
            values
        );
        Assert.Contains("vm.swappiness", ryzen.ActiveConfig.Text, StringComparison.Ordinal);
        string failed = done.AssertError("RolloutNotVerified").Exception.Message;
        Assert.Contains("'PrivatePull' failed", failed, StringComparison.Ordinal);
        Assert.DoesNotContain("'RegistryName'", failed, StringComparison.Ordinal);
    }

    private static JsonObject Pod(string node) =>
        new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = "web-1",
                ["namespace"] = "default",
                ["labels"] = new JsonObject { ["app"] = "web" },
                ["ownerReferences"] = new JsonArray(
                    new JsonObject
                    {
                        ["apiVersion"] = "apps/v1",
                        ["kind"] = "ReplicaSet",
                        ["name"] = "web",
                        ["uid"] = "1",
                        ["controller"] = true,
                    }
                ),
            },
            ["spec"] = new JsonObject
            {
                ["nodeName"] = node,
                ["restartPolicy"] = "Always",
                ["containers"] = new JsonArray(new JsonObject { ["name"] = "c", ["image"] = "busybox:1.37" }),
            },
            ["status"] = new JsonObject { ["phase"] = "Pending" },
        };

    public void Dispose() => _folder.Dispose();
}
