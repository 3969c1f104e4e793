using System.Text.Json.Nodes;
using TalosTailscale.Lab.Kubernetes;
using TalosTailscale.Tests.Engine;
using TalosTailscale.Tests.Help;
using YamlDotNet.RepresentationModel;

namespace TalosTailscale.Tests.Rollout;

/// <summary>
/// The rights in <c>deploy/rollout-rbac.yaml</c> and in the help are those that a rollout makes use of: none is missing, none
/// is too many.
/// </summary>
public sealed class RolloutRightsTests
{
    [Fact]
    public async Task The_role_grants_what_is_used_and_no_more()
    {
        await using LabSession lab = await LabSession.StartAsync();
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        AddPod(lab);
        api.Faults.Used.Clear();
        lab.Invoke(
                "param($key, $state) 'ampone','ryzen' | Install-TsNode -AuthKeyReference $key -StateFolder $state -Confirm:$false",
                ("key", lab.KeyReference),
                ("state", Path.Combine(lab.Client.Folder, "state"))
            )
            .AssertNoErrors();
        // Events are read of a pod that is late, which none needs to be here.
        Assert.Equal(
            Granted().Order(StringComparer.Ordinal),
            api.Faults.Used.Keys.Append("list events").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
        );
        Assert.Empty(KubernetesRightsTests.Differences("Install-TsNode", api));

        // Another pod to evict, and no lease of before.
        AddPod(lab);
        api.Store.Delete(KubeResource.Find("coordination.k8s.io", "leases")!, "kube-system", "talos-tailscale-rollout");
        api.Faults.Used.Clear();
        lab.Invoke(
                "param($state) 'ampone','ryzen' | Undo-TsNode -StateFolder $state -Confirm:$false",
                ("state", Path.Combine(lab.Client.Folder, "state"))
            )
            .AssertNoErrors();
        Assert.Empty(KubernetesRightsTests.Differences("Undo-TsNode", api));
    }

    private static void AddPod(LabSession lab)
    {
        LabKubernetesApi api = lab.Lab.Part<LabKubernetesPart>()!.Api;
        api.Kubelet.Adopt(
            api.Store.Create(
                KubeResource.Pods,
                new JsonObject
                {
                    ["metadata"] = new JsonObject
                    {
                        ["name"] = "web-1",
                        ["namespace"] = "default",
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
                        ["nodeName"] = lab.Lab.Node("ampone").Hostname,
                        ["terminationGracePeriodSeconds"] = 1,
                        ["restartPolicy"] = "Always",
                        ["containers"] = new JsonArray(new JsonObject { ["name"] = "web", ["image"] = "busybox:1.37" }),
                    },
                    ["status"] = new JsonObject { ["phase"] = "Pending" },
                }
            )
        );
    }

    private static HashSet<string> Granted()
    {
        var yaml = new YamlStream();
        using StreamReader reader = File.OpenText(Path.Combine(Repository.Root, "deploy", "rollout-rbac.yaml"));
        yaml.Load(reader);
        var rights = new HashSet<string>(StringComparer.Ordinal);
        foreach (YamlMappingNode document in yaml.Documents.Select(d => (YamlMappingNode)d.RootNode))
        {
            if (!document.Children.TryGetValue("rules", out YamlNode? rules))
                continue;
            foreach (YamlNode rule in (YamlSequenceNode)rules)
            foreach (YamlNode resource in (YamlSequenceNode)rule["resources"])
            foreach (YamlNode verb in (YamlSequenceNode)rule["verbs"])
                rights.Add($"{verb} {resource}");
        }

        return rights;
    }
}
