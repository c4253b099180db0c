<?php
/**
 * What a customer's site has on top of WordPress: a custom post type `eventos`, a hierarchical
 * taxonomy `genero`, and fields as Advanced Custom Fields serves them.
 *
 * The fields of an object are kept as JSON in its meta `acf`. The option `acf_served` says where they
 * are given: `inline` (ACF itself), `api` (the older "ACF to REST API") or `off` (no plugin).
 */

const ACF_ROUTES = [
    'posts' => 'post', 'pages' => 'page', 'media' => 'attachment', 'eventos' => 'eventos',
    'categories' => 'category', 'tags' => 'post_tag', 'genero' => 'genero',
];
const ACF_TAXONOMIES = ['category', 'post_tag', 'genero'];

add_action('init', function () {
    register_taxonomy('genero', 'eventos', [
        'label' => 'Gêneros', 'public' => true, 'hierarchical' => true, 'show_in_rest' => true,
    ]);
    register_post_type('eventos', [
        'label' => 'Eventos', 'public' => true, 'show_in_rest' => true, 'taxonomies' => ['genero'],
        'supports' => ['title', 'editor', 'excerpt', 'author', 'thumbnail', 'custom-fields'],
    ]);
    add_theme_support('post-thumbnails');
});

/** The fields as the plugin would answer: without a field group that is `[]` (inline), `false` (api). */
function acf_fields(string $object_type, int $id, $without)
{
    $meta = in_array($object_type, ACF_TAXONOMIES, true) ? 'term' : 'post';
    $json = get_metadata($meta, $id, 'acf', true);
    return $json === '' ? $without : json_decode($json, true);
}

add_action('rest_api_init', function () {
    $served = get_option('acf_served', 'inline');
    foreach (ACF_ROUTES as $route => $object_type) {
        if ($served === 'inline') {
            // The REST API's word for post_tag is tag.
            register_rest_field($object_type === 'post_tag' ? 'tag' : $object_type, 'acf', [
                'get_callback' => fn($object) => acf_fields($object_type, $object['id'], []),
            ]);
        }
        if ($served === 'api') {
            register_rest_route('acf/v3', "/$route/(?P<id>\\d+)", [
                'methods' => 'GET',
                'permission_callback' => '__return_true',
                'callback' => fn($request) => [
                    'acf' => acf_fields($object_type, (int) $request['id'], false),
                ],
            ]);
        }
    }
});
