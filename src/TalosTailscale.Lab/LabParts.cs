namespace TalosTailscale.Lab;

/// <summary>The parts of the lab, in the order in which they start; they stop in reverse.</summary>
internal static class LabParts
{
    /// <summary>Makes the parts for one lab.</summary>
    internal static IReadOnlyList<ILabPart> Create() =>
        [
            // Images first: the nodes boot UKIs that these make. One line per part.
            new Images.LabUkiMaker(),
            new Factory.LabFactory(),
            new Registry.LabRegistry(),
            new Tailnet.LabTailnet(),
            new Nodes.LabMachines(),
            new Talos.LabTalosApi(),
            new Kubernetes.LabKubernetesPart(),
            new LabTwin(),
        ];
}
