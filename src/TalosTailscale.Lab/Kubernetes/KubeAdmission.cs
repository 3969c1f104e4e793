using System.Text.Json.Nodes;

namespace TalosTailscale.Lab.Kubernetes;

/// <summary>
/// What is checked and filled in before an object is stored. Pod Security enforces <c>baseline</c> everywhere but in
/// kube-system, as the cluster that Talos sets up does.
/// </summary>
internal static class KubeAdmission
{
    internal static void Admit(KubeStore store, KubeResource resource, JsonObject item)
    {
        if (resource == KubeResource.Pods)
            AdmitPod(store, item);
        else if (resource == KubeResource.Namespaces)
        {
            item.Meta().Child("labels")["kubernetes.io/metadata.name"] = item.Name();
            item["status"] = new JsonObject { ["phase"] = "Active" };
        }
    }

    private static void AdmitPod(KubeStore store, JsonObject pod)
    {
        var spec = pod.Child("spec");
        var name = pod.Meta().Text("name") ?? pod.Meta().Text("generateName")!;
        if (!spec.Items("containers").Any())
            throw KubeFailure.Invalid(KubeResource.Pods, name, "spec.containers: Required value");
        var ns = pod.Meta().Text("namespace")!;
        var level = store
            .Get(KubeResource.Namespaces, null, ns)!
            .Meta()
            .Map("labels")
            .Text("pod-security.kubernetes.io/enforce")
            ?? (ns == "kube-system" ? "privileged" : "baseline");
        var violations = Violations(spec).Concat(level == "restricted" ? Restrictions(spec) : []).ToArray();
        if (level != "privileged" && violations.Length > 0)
            throw KubeFailure.Forbidden(
                KubeResource.Pods,
                name,
                $"violates PodSecurity \"{level}:latest\": {string.Join(", ", violations)}"
            );
        Default(spec);
        pod["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = "BestEffort" };
    }

    private static IEnumerable<string> Violations(JsonObject spec)
    {
        var host = ((string[])["hostNetwork", "hostPID", "hostIPC"]).Where(spec.Flag).ToArray();
        if (host.Length > 0)
            yield return $"host namespaces ({string.Join(", ", host.Select(h => h + "=true"))})";
        foreach (var volume in spec.Items("volumes").Where(v => v.ContainsKey("hostPath")))
            yield return $"hostPath volumes (volume \"{volume.Text("name")}\")";
        foreach (var container in spec.Items("containers").Where(c => c.Map("securityContext").Flag("privileged")))
            yield return $"privileged (container \"{container.Text("name")}\" must not set securityContext.privileged=true)";
    }

    private static IEnumerable<string> Restrictions(JsonObject spec)
    {
        var pod = spec.Map("securityContext");
        foreach (var container in spec.Items("containers"))
        {
            var (name, own) = (container.Text("name"), container.Map("securityContext") ?? []);
            if (own["allowPrivilegeEscalation"]?.GetValue<bool>() != false)
                yield return $"allowPrivilegeEscalation != false (container \"{name}\" must set securityContext.allowPrivilegeEscalation=false)";
            if (!(own.Map("capabilities")?["drop"]?.AsArray() ?? []).Any(c => c!.GetValue<string>() == "ALL"))
                yield return $"unrestricted capabilities (container \"{name}\" must set securityContext.capabilities.drop=[\"ALL\"])";
            if (!own.Flag("runAsNonRoot") && !pod.Flag("runAsNonRoot"))
                yield return $"runAsNonRoot != true (pod or container \"{name}\" must set securityContext.runAsNonRoot=true)";
            if (
                (own.Map("seccompProfile").Text("type") ?? pod.Map("seccompProfile").Text("type"))
                is null
                    or "Unconfined"
            )
                yield return $"seccompProfile (pod or container \"{name}\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")";
        }
    }

    private static void Default(JsonObject spec)
    {
        spec["restartPolicy"] ??= "Always";
        spec["dnsPolicy"] ??= "ClusterFirst";
        spec["schedulerName"] ??= "default-scheduler";
        spec["terminationGracePeriodSeconds"] ??= 30;
        spec["securityContext"] ??= new JsonObject();
        foreach (var container in spec.Items("containers"))
        {
            container["imagePullPolicy"] ??= "IfNotPresent";
            container["resources"] ??= new JsonObject();
            container["terminationMessagePath"] ??= "/dev/termination-log";
        }
        if (spec.Text("priorityClassName") is "system-node-critical")
            spec["priority"] = 2000001000;
    }
}
