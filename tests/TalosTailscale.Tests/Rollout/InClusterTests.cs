using System.Management.Automation;
using System.Text.Json.Nodes;
using TalosTailscale.Lab.Factory;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Rollout;

/// <summary>
/// Install-TsNode -InCluster on the lab: the Jobs and the Secret that it makes. The lab has no controller of Jobs; the test
/// plays it, and no container is run.
/// </summary>
public sealed class InClusterTests
{
    private static readonly KubeResource s_jobs = KubeResource.Find("batch", "jobs")!;
    private static readonly KubeResource s_secrets = KubeResource.Find("", "secrets")!;

    [Fact]
    public async Task Each_wave_is_a_Job_with_its_nodes_and_the_keys_do_not_stay()
    {
        await using LabSession lab = await LabSession.StartAsync();
        (PowerShellResult result, List<JsonObject> jobs, List<JsonObject> secrets) = await PlayAsync(lab, "Complete");
        result.AssertNoErrors();
        TsRolloutWave wave = Assert.Single(result.OutputOf<TsRolloutWave>());
        Assert.True(wave.Succeeded);
        Assert.Equal(["altra", "ampone", "ryzen"], wave.Nodes.Order());
        JsonObject pod = Assert.Single(jobs)["spec"]!["template"]!["spec"]!.AsObject();
        Assert.Equal("talos-tailscale-rollout", pod["serviceAccountName"]!.GetValue<string>());
        JsonObject container = pod["containers"]![0]!.AsObject();
        Assert.Equal("registry.example/talos-tailscale:1", container["image"]!.GetValue<string>());
        string[] args = [.. container["args"]!.AsArray().Select(a => a!.GetValue<string>())];
        Assert.Equal(["-Node", "altra,ampone,ryzen"], args[..2]);
        Assert.Equal("1", args[Array.IndexOf(args, "-MaxFailures") + 1]);
        Assert.Equal(lab.Lab.Part<LabFactory>()!.Address.ToString(), args[Array.IndexOf(args, "-FactoryUri") + 1]);
        Assert.DoesNotContain(lab.Lab.Options.AuthKey, pod.ToJsonString());
        JsonNode elsewhere = pod["affinity"]!["nodeAffinity"]!["requiredDuringSchedulingIgnoredDuringExecution"]![
            "nodeSelectorTerms"
        ]![0]!["matchExpressions"]![0]!;
        Assert.Equal("NotIn", elsewhere["operator"]!.GetValue<string>());
        Assert.Equal(3, elsewhere["values"]!.AsArray().Count);
        Assert.Contains(
            "ampone.manifests.tailscale-extension-service.yaml",
            Assert.Single(secrets)["data"]!.AsObject().Select(pair => pair.Key)
        );
        Assert.Empty(lab.Lab.Part<LabKubernetesPart>()!.Api.Store.List(s_secrets, "kube-system").Items);
        Assert.All(lab.Lab.Nodes, node => Assert.DoesNotContain(node.Extensions, e => e.Name == "tailscale"));
    }

    [Fact]
    public async Task A_wave_that_fails_is_an_error()
    {
        await using LabSession lab = await LabSession.StartAsync();
        (PowerShellResult result, _, _) = await PlayAsync(lab, "Failed");
        result.AssertError("RolloutWaveFailed");
        Assert.False(Assert.Single(result.OutputOf<TsRolloutWave>()).Succeeded);
    }

    // Where each parameter goes; whoever adds one decides it here.
    private const string PassedOn =
        "Method SchematicId SkipCheck SkipGate RegistryImage ThrottleLimit MaxFailures Timeout DrainTimeout Image SkipDrain ContinueOnError Force FactoryUri";
    private const string Refused = "ServiceConfig Patch";
    private const string OfThisMachine =
        "Node InCluster ContainerImage TalosConfig Context Endpoint KubeConfig KubeContext Inventory AuthKeyReference StateFolder BackupFolder Socket ApiUri WhatIf Confirm";

    [Fact]
    public async Task No_parameter_is_left_out_in_silence()
    {
        await using LabSession lab = await LabSession.StartAsync();
        string[] common = [.. PSCmdlet.CommonParameters];
        string[] all =
        [
            .. lab.Invoke("(Get-Command Install-TsNode).Parameters.Keys").OutputOf<string>().Except(common),
        ];

        Assert.Equal(string.Join(' ', PassedOn, Refused, OfThisMachine).Split(' ').Order(), all.Order());
        foreach (string name in Refused.Split(' '))
        {
            const string Install = "Install-TsNode -InCluster -ContainerImage registry.example/x:1 -Confirm:$false";
            PowerShellResult result = lab.Invoke(
                name == "Patch"
                    ? $"param($key) 'ryzen' | {Install} -Patch 'machine: {{sysctls: {{a: b}}}}'"
                    : $"param($key) Get-TsNode ryzen | New-TsExtensionServiceConfig -AuthKeyReference $key -PassThru -Force | {Install}",
                ("key", lab.KeyReference)
            );
            result.AssertError("RolloutOptionInvalid");
            Assert.Contains($"-{name} ", result.Errors[0].ToString(), StringComparison.Ordinal);
        }

        Assert.Empty(lab.Lab.Part<LabKubernetesPart>()!.Api.Store.List(s_jobs, "kube-system").Items);
    }

    private static async Task<(PowerShellResult Result, List<JsonObject> Jobs, List<JsonObject> Secrets)> PlayAsync(
        LabSession lab,
        string end
    )
    {
        KubeStore store = lab.Lab.Part<LabKubernetesPart>()!.Api.Store;
        List<JsonObject> jobs = [],
            secrets = [];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task controller = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    foreach (
                        JsonObject job in store
                            .List(s_jobs, "kube-system")
                            .Items.Where(job => job["status"]?["conditions"] is null)
                    )
                    {
                        jobs.Add(job);
                        secrets.AddRange(store.List(s_secrets, "kube-system").Items);
                        store.Change(s_jobs, "kube-system", job["metadata"]!["name"]!.GetValue<string>(), now =>
                        {
                            now["status"] = new JsonObject
                            {
                                ["conditions"] = new JsonArray(new JsonObject { ["type"] = end, ["status"] = "True" }),
                            };
                            return now;
                        });
                    }

                    await Task.Delay(50, CancellationToken.None);
                }
            },
            CancellationToken.None
        );
        PowerShellResult result = await Task.Run(() =>
            lab.Invoke(
                "param($key, $state, $factory) 'altra','ampone','ryzen' | Install-TsNode -InCluster -ContainerImage registry.example/talos-tailscale:1 -AuthKeyReference $key -StateFolder $state -MaxFailures 1 -FactoryUri $factory -Confirm:$false",
                ("key", lab.KeyReference),
                ("state", Path.Combine(lab.Client.Folder, "state")),
                ("factory", lab.Lab.Part<LabFactory>()!.Address)
            )
        );
        await stop.CancelAsync();
        await controller;
        return (result, jobs, secrets);
    }
}
